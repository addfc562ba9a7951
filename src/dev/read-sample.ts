import type { IncomingRequest, Normalised, Provider } from '../ingest/provider.ts';
import type { Source } from '../tenants/source.ts';
import { CUSTOM_EXAMPLE_SETTINGS } from './samples/custom-samples.ts';
import type { SampleProvider } from './samples/sample-webhook.ts';
import { signWebhook, strangersSecret, webhookQuery } from './sign-webhook.ts';

const RECEIVED_AT = new Date('2026-11-24T10:00:00.000Z');

export type ReadSample = Readonly<{
  request: IncomingRequest;
  normalised: Normalised;
  /** The same request, read with other headers or another body. */
  readAgain(changed: Readonly<{ headers?: IncomingRequest['headers']; body?: Buffer }>): Normalised;
}>;

/** Of a source that takes whatever a sample is about, and signs as the example does where it may sign in any way. */
const SETTINGS: Partial<Record<SampleProvider, Source['settings']>> = {
  twilio: { subaccounts: true },
  custom: CUSTOM_EXAMPLE_SETTINGS,
};

/** What the provider's mapping makes of a body that it has just sent, for a source of these settings. */
export function readSample(provider: Provider, name: SampleProvider, body: Buffer): ReadSample {
  const source: Source = {
    id: 'src_1',
    provider: name,
    account: 'account',
    mode: 'test',
    books: 'platform',
    secrets: [],
    settings: SETTINGS[name] ?? {},
  };
  // No header that a mapping reads holds the signature.
  const signed = signWebhook(name, body, strangersSecret(name), RECEIVED_AT.getTime());
  const headers = Object.fromEntries(Object.entries(signed).map(([header, value]) => [header, [value]]));
  const request = { method: 'POST', url: `/${webhookQuery(name, body)}`, headers, body, receivedAt: RECEIVED_AT };
  const read = (changed: object) => provider.normalise({ ...request, ...changed }, source, { signedAt: RECEIVED_AT });
  return { request, normalised: read({}), readAgain: read };
}
