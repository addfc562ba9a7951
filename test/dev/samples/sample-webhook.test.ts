import { describe, expect, test } from '@jest/globals';
import { sampleTypes, sampleWebhook, SAMPLE_PROVIDERS } from '../../../src/dev/samples/sample-webhook.ts';
import { signWebhook } from '../../../src/dev/sign-webhook.ts';
import type { Provider } from '../../../src/ingest/provider.ts';
import { retell } from '../../../src/ingest/providers/retell.ts';
import { RETELL_KEPT_TYPES, RETELL_MAPPINGS } from '../../../src/ingest/providers/retell-mappings.ts';
import { stripe } from '../../../src/ingest/providers/stripe.ts';
import { STRIPE_MAPPINGS } from '../../../src/ingest/providers/stripe-mappings.ts';
import { expectSound, requestOf, sourceOf } from '../../ingest/providers/webhook.ts';

const providers: Readonly<Record<'stripe' | 'retell', Provider>> = { stripe, retell };
const all = SAMPLE_PROVIDERS.flatMap((provider) => sampleTypes(provider).map((type) => [provider, type] as const));

describe('a sample webhook', () => {
  test.each(all)('of %s, %s, signed, is verified and mapped', (provider, type) => {
    const now = new Date('2026-11-24T10:00:00.123Z');
    const source = sourceOf(provider, { secrets: ['a secret'] });
    const body = Buffer.from(JSON.stringify(sampleWebhook(provider, type)));
    const signed = signWebhook(provider, body, 'a secret', now.getTime());
    const headers = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, [value]]));
    const request = requestOf(body, headers);
    expect(providers[provider].verify(request, source, now)).toMatchObject({ verified: true });

    const normalised = providers[provider].normalise(request, source, {});
    expectSound(normalised, source);
    expect(normalised).toMatchObject({ status: 'accepted', providerType: type });
    const isKept = normalised.events.some((event) => event.type === 'ProviderEventReceived');
    expect(isKept).toBe(RETELL_KEPT_TYPES.has(type));
  });

  test('exists for every type that is mapped', () => {
    expect(new Set(sampleTypes('stripe'))).toEqual(new Set(STRIPE_MAPPINGS.keys()));
    expect(new Set(sampleTypes('retell'))).toEqual(new Set([...RETELL_MAPPINGS.keys(), ...RETELL_KEPT_TYPES]));
  });

  test('is the same for the same key, and another for another', () => {
    for (const [provider, type] of all) {
      expect(sampleWebhook(provider, type, { key: 'a' })).toEqual(sampleWebhook(provider, type, { key: 'a' }));
      expect(sampleWebhook(provider, type, { key: 'a' })).not.toEqual(sampleWebhook(provider, type, { key: 'b' }));
    }
  });

  test('of an unknown type is none', () => {
    for (const type of ['no.such.type', 'constructor', '__proto__']) {
      expect(sampleWebhook('stripe', type)).toBeUndefined();
      expect(sampleWebhook('retell', type)).toBeUndefined();
    }
  });
});
