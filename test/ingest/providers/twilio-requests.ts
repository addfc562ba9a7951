import { createHash } from 'node:crypto';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { encodeSample } from '../../../src/dev/samples/sample-webhook.ts';
import { twilioSample } from '../../../src/dev/samples/twilio-samples.ts';
import type { TwilioSample } from '../../../src/dev/samples/twilio-story.ts';
import { sid } from '../../../src/dev/samples/twilio-story.ts';
import type { IncomingRequest, Normalised } from '../../../src/ingest/provider.ts';
import { twilio } from '../../../src/ingest/providers/twilio.ts';
import type { Source } from '../../../src/tenants/source.ts';
import { expectSound, requestOf, sourceOf } from './webhook.ts';

export const TOKEN = '0123456789abcdef0123456789abcdef';
export const ORIGIN = 'https://hooks.example.com';
export const PATH = '/webhooks/twilio/src_1';
export const ACCOUNT = sid('AC', 'account');

export function twilioSource(changes: Partial<Source> = {}): Source {
  return sourceOf('twilio', { account: ACCOUNT, secrets: [TOKEN], publicUrl: ORIGIN, ...changes });
}

type Headers = Readonly<Record<string, readonly string[]>>;

/** Parameters are sent as a form; a list as JSON, with its hash in the address, as Twilio does; text as the form it is. */
export function twilioRequest(body: object | string, headers: Headers = {}, path = PATH): IncomingRequest {
  const bytes = typeof body === 'string' ? Buffer.from(body) : encodeSample('twilio', body);
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { ...requestOf(bytes.toString(), headers), url: Array.isArray(body) ? `${path}?bodySHA256=${hash}` : path };
}

/** The signature that Twilio's own library expects of that request. */
export function officialSignature(request: IncomingRequest, url = `${ORIGIN}${request.url}`, token = TOKEN): string {
  const form = new URLSearchParams(url.includes('bodySHA256') ? '' : request.body.toString());
  const params = Object.fromEntries(
    Map.groupBy(form, ([name]) => name)
      .entries()
      .map(valuesOf),
  );
  return getExpectedTwilioSignature(token, url, params);
}

/** A parameter that comes once is no list to that library. */
function valuesOf([name, pairs]: readonly [string, readonly (readonly [string, string])[]]) {
  const values = pairs.map(([, value]) => value);
  return [name, values.length === 1 ? values[0] : values] as const;
}

export function normaliseTwilio(
  body: object | string,
  { source: changes = {}, headers = {} }: Readonly<{ source?: Partial<Source>; headers?: Headers }> = {},
): Normalised {
  const source = twilioSource(changes);
  const normalised = twilio.normalise(twilioRequest(body, headers), source, {});
  expectSound(normalised, source);
  return normalised;
}

/** What a sample of that type becomes. */
export function normaliseSample(
  type: string,
  sample: TwilioSample = {},
  options: Parameters<typeof normaliseTwilio>[1] = {},
): Normalised {
  return normaliseTwilio(twilioSample(type, sample) ?? {}, options);
}
