import { expect } from '@jest/globals';
import { catalogue } from '../../../src/domain/events.ts';
import { streamKey } from '../../../src/domain/stream.ts';
import type { IncomingRequest, Normalised } from '../../../src/ingest/provider.ts';
import type { Source } from '../../../src/tenants/source.ts';

export const RECEIVED_AT = new Date('2026-11-24T10:00:00.000Z');

/** An object is sent as JSON; a string or bytes as they are. */
export function requestOf(body: object | string, headers: Readonly<Record<string, readonly string[]>> = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const request: IncomingRequest = { method: 'POST', url: '/', headers, body: bytes, receivedAt: RECEIVED_AT };
  return request;
}

export function sourceOf(provider: string, changes: Partial<Source> = {}): Source {
  return {
    id: 'src_1',
    provider,
    account: provider === 'stripe' ? 'acct_1' : 'org_1',
    mode: 'test',
    books: 'platform',
    secrets: ['secret'],
    settings: {},
    ...changes,
  };
}

/** What must hold of every answer of `normalise`, whatever came in. */
export function expectSound(normalised: Normalised, source: Source): void {
  expect(normalised.events.length > 0).toBe(normalised.status !== 'quarantined');
  for (const event of normalised.events) {
    const definition: { data: { safeParse(data: unknown): unknown }; personal?: typeof definition.data } =
      catalogue[event.type];
    expect(definition.data.safeParse(event.data)).toMatchObject({ success: true });
    if (event.personal !== undefined) {
      expect(definition.personal?.safeParse(event.personal)).toMatchObject({ success: true });
    }
    expect(event.stream).toMatchObject({ provider: source.provider, account: source.account, mode: source.mode });
    expect(new Date(event.occurredAt).toISOString()).toBe(event.occurredAt);
    if (event.fact === undefined) continue;
    expect(event.fact.key.startsWith(`${streamKey(event.stream)}#`)).toBe(true);
    expect(new Date(event.fact.providerTime).toISOString()).toBe(event.fact.providerTime);
    expect(event.fact.amount === undefined).toBe(event.fact.currency === undefined);
    // No money without something that tells a second delivery from a second payment.
    expect(normalised.dedupeKey).toBeDefined();
  }
}
