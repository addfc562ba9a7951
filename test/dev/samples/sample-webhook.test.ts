import { describe, expect, test } from '@jest/globals';
import type { SampleProvider } from '../../../src/dev/samples/sample-webhook.ts';
import { CUSTOM_EXAMPLE_SETTINGS } from '../../../src/dev/samples/custom-samples.ts';
import { encodeSample, sampleTypes, sampleWebhook, SAMPLE_PROVIDERS } from '../../../src/dev/samples/sample-webhook.ts';
import { signWebhook, strangersSecret, webhookQuery } from '../../../src/dev/sign-webhook.ts';
import type { IncomingRequest, Provider } from '../../../src/ingest/provider.ts';
import { custom } from '../../../src/ingest/providers/custom.ts';
import { gohighlevel } from '../../../src/ingest/providers/gohighlevel.ts';
import { GOHIGHLEVEL_KEPT_TYPES } from '../../../src/ingest/providers/gohighlevel-mappings.ts';
import { GOHIGHLEVEL_TYPES, UNTOLD_TYPES } from '../../../src/ingest/providers/gohighlevel-types.ts';
import { retell } from '../../../src/ingest/providers/retell.ts';
import { RETELL_KEPT_TYPES, RETELL_MAPPINGS } from '../../../src/ingest/providers/retell-mappings.ts';
import { standardWebhooks } from '../../../src/ingest/providers/standard-webhooks.ts';
import { stripe } from '../../../src/ingest/providers/stripe.ts';
import { STRIPE_KEPT_TYPES } from '../../../src/ingest/providers/stripe-kept-types.ts';
import { STRIPE_MAPPINGS } from '../../../src/ingest/providers/stripe-mappings.ts';
import { twilio } from '../../../src/ingest/providers/twilio.ts';
import { GHL_KEYS } from '../../ingest/providers/gohighlevel-keys.ts';
import { ORIGIN, twilioSource } from '../../ingest/providers/twilio-requests.ts';
import { expectSound, requestOf, sourceOf } from '../../ingest/providers/webhook.ts';

const providers: Readonly<Record<SampleProvider, Provider>> = {
  stripe,
  retell,
  gohighlevel,
  'standard-webhooks': standardWebhooks,
  twilio,
  custom,
};

/** Thin events: they name their object and do not carry it. */
const THIN = /^v\d\./;

const KEPT_OF_TWILIO =
  /^(call\.(gather|enqueue|amd)|recording\.(in|ab|fa)|transcription|conference|stream|debugger|conversation|usage)|insights|twiml\.gather|error-logs/;

const kept: ReadonlySet<string> = new Set([
  ...STRIPE_KEPT_TYPES,
  ...sampleTypes('stripe').filter((type) => THIN.test(type)),
  ...RETELL_KEPT_TYPES,
  ...GOHIGHLEVEL_KEPT_TYPES,
  ...sampleTypes('standard-webhooks'),
  ...sampleTypes('custom'),
  ...sampleTypes('twilio').filter((type) => KEPT_OF_TWILIO.test(type)),
]);

/** In the form that every provider takes. */
const SECRET = 'whsec_YSBzZWNyZXQ=';

/** A source that takes what is signed with its secret. */
function sourceThatSigns(provider: SampleProvider) {
  if (provider === 'twilio') return twilioSource({ secrets: [SECRET] });
  if (provider === 'custom') return sourceOf(provider, { secrets: [SECRET], settings: CUSTOM_EXAMPLE_SETTINGS });
  return provider === 'gohighlevel'
    ? sourceOf(provider, { secrets: [GHL_KEYS.secret], publicKey: GHL_KEYS.publicKey })
    : sourceOf(provider, { secrets: [SECRET] });
}

function signedRequest(provider: SampleProvider, body: Buffer, secret: string, now: Date): IncomingRequest {
  const signed = signWebhook(provider, body, secret, now.getTime(), `${ORIGIN}/`);
  const headers = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, [value]]));
  return { ...requestOf(body, headers), url: `/${webhookQuery(provider, body)}` };
}

const all = SAMPLE_PROVIDERS.flatMap((provider) => sampleTypes(provider).map((type) => [provider, type] as const));

describe('a sample webhook', () => {
  test.each(all)('of %s, %s, signed, is verified and mapped', (provider, type) => {
    const now = new Date('2026-11-24T10:00:00.123Z');
    const source = sourceThatSigns(provider);
    const body = encodeSample(provider, sampleWebhook(provider, type) ?? {});
    const request = signedRequest(provider, body, source.secrets[0] ?? '', now);
    expect(providers[provider].verify(request, source, now)).toMatchObject({ verified: true });

    const normalised = providers[provider].normalise(request, source, {});
    expectSound(normalised, source);
    expect(normalised).toMatchObject({ status: 'accepted', providerType: type.split('/')[0] });
    const isKept = normalised.events.some((event) => event.type === 'ProviderEventReceived');
    expect(isKept).toBe(kept.has(type));
  });

  test.each(SAMPLE_PROVIDERS)('of %s, signed with the secret of a stranger, is refused', (provider) => {
    const now = new Date('2026-11-24T10:00:00Z');
    const request = signedRequest(provider, Buffer.from('{}'), strangersSecret(provider), now);
    const verification = providers[provider].verify(request, sourceThatSigns(provider), now);
    expect(verification).toMatchObject({ verified: false, cause: 'wrong-signature' });
  });

  test('exists for every type that is mapped or kept', () => {
    const ofStripe = sampleTypes('stripe').filter((type) => !THIN.test(type));
    expect(new Set(ofStripe)).toEqual(new Set([...STRIPE_MAPPINGS.keys(), ...STRIPE_KEPT_TYPES]));
    expect(new Set(sampleTypes('retell'))).toEqual(new Set([...RETELL_MAPPINGS.keys(), ...RETELL_KEPT_TYPES]));
    const ofGohighlevel = sampleTypes('gohighlevel').map((type) => type.split('/')[0]);
    expect(new Set(ofGohighlevel)).toEqual(new Set([...GOHIGHLEVEL_TYPES, ...UNTOLD_TYPES]));
  });

  test('is the same for the same key, and another for another', () => {
    for (const [provider, type] of all) {
      expect(sampleWebhook(provider, type, { key: 'a' })).toEqual(sampleWebhook(provider, type, { key: 'a' }));
      expect(sampleWebhook(provider, type, { key: 'a' })).not.toEqual(sampleWebhook(provider, type, { key: 'b' }));
    }
  });

  test('of an unknown type is none', () => {
    for (const type of ['no.such.type', 'constructor', '__proto__']) {
      for (const provider of SAMPLE_PROVIDERS) expect(sampleWebhook(provider, type)).toBeUndefined();
    }
  });
});
