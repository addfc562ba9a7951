import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseJson } from '../../../src/ingest/json.ts';
import type { Provider } from '../../../src/ingest/provider.ts';
import { retell } from '../../../src/ingest/providers/retell.ts';
import { stripe } from '../../../src/ingest/providers/stripe.ts';
import { STRIPE_KEPT_TYPES } from '../../../src/ingest/providers/stripe-kept-types.ts';
import { STRIPE_MAPPINGS } from '../../../src/ingest/providers/stripe-mappings.ts';
import { readFixtures, readFixtureText } from './fixtures.ts';
import { expectSound, requestOf, sourceOf } from './webhook.ts';

const stripeEnvelope = z.object({
  object: z.string(),
  type: z.string(),
  livemode: z.boolean(),
  account: z.string().optional(),
});

describe('a public sample of Stripe', () => {
  forEachOf(readFixtures('stripe'), '%s is accepted and mapped or deliberately kept', ({ name, body }) => {
    const { object, type, livemode, account } = stripeEnvelope.parse(parseJson(body));
    const source = sourceOf('stripe', { mode: livemode ? 'live' : 'test', account: account ?? 'acct_1' });
    const normalised = stripe.normalise(requestOf(body), source, {});
    expectSound(normalised, source);
    expect(normalised.providerType).toBe(type);

    const kept = normalised.events.every((event) => event.type === 'ProviderEventReceived');
    expect(normalised.status).toBe('accepted');
    // A thin event carries no object to map; and this charge is only authorised, not captured.
    const nothingToMap = object === 'v2.core.event' || name === 'charge.succeeded--openapi.json';
    expect(kept).toBe(!STRIPE_MAPPINGS.has(type) || nothingToMap);
  });

  test('may be of any type that Stripe lists: each is mapped or kept, and none is both', () => {
    const listed = readFixtureText('event-types/stripe-snapshot.txt')?.trim().split(/\s+/) ?? [];
    expect(listed.filter((type) => !STRIPE_MAPPINGS.has(type) && !STRIPE_KEPT_TYPES.has(type))).toEqual([]);
    expect([...STRIPE_KEPT_TYPES].filter((type) => STRIPE_MAPPINGS.has(type))).toEqual([]);
    expect(STRIPE_MAPPINGS.size + STRIPE_KEPT_TYPES.size).toBe(277);
  });
});

describe('a public sample of Retell', () => {
  forEachOf(readFixtures('retell'), '%s is accepted and mapped or deliberately kept', ({ name, body }) => {
    const source = sourceOf('retell');
    const normalised = retell.normalise(requestOf(body), source, {});
    expectSound(normalised, source);
    expect(normalised.status).toBe('accepted');
    const kept = normalised.events.every((event) => event.type === 'ProviderEventReceived');
    expect(kept).toBe(name.startsWith('call_inbound'));
  });
});

const vector = z.object({
  provider: z.string(),
  name: z.string(),
  header: z.string(),
  body: z.string(),
  secret: z.string(),
  signature: z.string(),
  verifyAtMs: z.number().optional(),
  verifyAtSec: z.number().optional(),
  valid: z.union([z.boolean(), z.literal('sdk:true strict:false')]),
});

describe('a published signature vector', () => {
  const providers: ReadonlyMap<string, Provider> = new Map([
    ['stripe', stripe],
    ['retell', retell],
  ]);
  const text = readFixtureText('signature-vectors.json');
  const vectors = z
    .array(z.looseObject({ provider: z.string() }))
    .parse(text === undefined ? [] : JSON.parse(text))
    .filter(({ provider }) => providers.has(provider))
    .map((each, index) => ({ ...vector.parse(each), name: `${each.provider} ${index}, ${String(each['name'])}` }));

  forEachOf(vectors, '%s, gets the expected answer', ({ header, body, secret, signature, ...rest }) => {
    const provider = providers.get(rest.provider);
    const now = new Date(rest.verifyAtMs ?? (rest.verifyAtSec ?? 0) * 1000);
    const request = requestOf(body, { [header.toLowerCase()]: [signature] });
    const source = { ...sourceOf('stripe'), provider: rest.provider, secrets: [secret] };
    expect(provider?.verify(request, source, now).verified).toBe(rest.valid === true);
  });
});

/** Like `test.each`, but a table without rows, where there are no samples, is no error. */
function forEachOf<Row extends Readonly<{ name: string }>>(
  rows: readonly Row[],
  title: string,
  check: (row: Row) => void,
): void {
  for (const row of rows) test(title.replace('%s', row.name), () => check(row));
}
