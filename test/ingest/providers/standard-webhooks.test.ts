import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { standardWebhooks } from '../../../src/ingest/providers/standard-webhooks.ts';
import { expectSound, RECEIVED_AT, requestOf, sourceOf } from './webhook.ts';

const SIGNED_AT = new Date('2026-11-24T09:59:00.000Z');

function normalise(body: object | string, settings = {}, headers = { 'webhook-id': ['msg_1'] }) {
  const source = sourceOf('standard-webhooks', { settings });
  const signed = { 'webhook-timestamp': ['1'], 'webhook-signature': ['v1,AAAA'], ...headers };
  const normalised = standardWebhooks.normalise(requestOf(body, signed), source, { signedAt: SIGNED_AT });
  expectSound(normalised, source);
  return normalised;
}

describe('a webhook of a Standard Webhooks sender', () => {
  test('is kept under its type and told from duplicates by its id', () => {
    const body = { type: 'contact.created', timestamp: '2026-11-24T08:00:00Z', data: { id: 'c1' } };
    expect(normalise(body)).toMatchObject({
      status: 'accepted',
      providerType: 'contact.created',
      providerEventId: 'msg_1',
      dedupeKey: 'msg_1',
      accountIds: [],
      startedAt: new Date('2026-11-24T08:00:00Z'),
      events: [
        {
          type: 'ProviderEventReceived',
          stream: { kind: 'provider-object', externalId: 'msg_1' },
          occurredAt: '2026-11-24T08:00:00.000Z',
          data: { providerType: 'contact.created', reason: 'kept' },
        },
      ],
    });
  });

  test('is told by its svix id as well', () => {
    const headers = { 'svix-id': ['msg_2'], 'svix-timestamp': ['1'], 'svix-signature': ['v1,AAAA'] };
    const source = sourceOf('standard-webhooks');
    const normalised = standardWebhooks.normalise(requestOf({ type: 'a' }, headers), source, {});
    expect(normalised).toMatchObject({ dedupeKey: 'msg_2', startedAt: RECEIVED_AT });
  });

  test('names its type and its account where the settings say', () => {
    const settings = { typePath: '/event/name', accountIdPath: '/data/0/org~1id' };
    const body = { event: { name: 'paid' }, data: [{ 'org/id': 17 }] };
    expect(normalise(body, settings)).toMatchObject({ providerType: 'paid', accountIds: ['17'] });
  });

  test('happened when it was signed, where the body tells no time', () => {
    for (const timestamp of [undefined, 'yesterday', 12, null]) {
      expect(normalise({ type: 'a', timestamp }).startedAt).toEqual(SIGNED_AT);
    }
  });

  test.each([
    ['no type', '{}', 'odd-shape'],
    ['a type that is no word', '{"type":{}}', 'odd-shape'],
    ['a list', '[1]', 'odd-shape'],
    ['no JSON', 'hello', 'unreadable'],
  ])('with %s is unmapped, and still told from duplicates by its id', (_name, body, reason) => {
    const normalised = normalise(body);
    expect(normalised).toMatchObject({ status: 'unmapped', dedupeKey: 'msg_1', events: [{ data: { reason } }] });
    expect(normalised.detail).toContain('/type');
  });

  test('never makes normalise throw, nor reads anything that is inherited', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.json(), fc.string()),
        fc.constantFrom('/type', '/constructor/name', '/__proto__'),
        (body, typePath) => {
          expect(['accepted', 'unmapped']).toContain(normalise(body, { typePath }).status);
        },
      ),
    );
    expect(normalise({ a: 1 }, { typePath: '/constructor/name' }).status).toBe('unmapped');
  });
});
