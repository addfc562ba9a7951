import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RetellSample } from '../../../src/dev/samples/retell-samples.ts';
import { retellSample, retellSampleTypes } from '../../../src/dev/samples/retell-samples.ts';
import { normaliseRetell } from './normalise.ts';
import { RECEIVED_AT } from './webhook.ts';

const AT = new Date('2026-11-24T09:30:00.000Z');
const SIGNED_AT = new Date('2026-11-24T09:59:59.000Z');
const sample = (type: string, changes: RetellSample = {}) =>
  retellSample(type, { at: AT, callId: 'call_1', chatId: 'chat_1', agentId: 'agent_1', ...changes }) ?? {};

describe('a Retell event', () => {
  test.each([
    ['call_started', 'call_started/call_1'],
    ['call_ended', 'call_ended/call_1'],
    ['call_analyzed', 'call_analyzed/call_1'],
    ['chat_started', 'chat_started/chat_1'],
    ['chat_ended', 'chat_ended/chat_1'],
    ['chat_analyzed', 'chat_analyzed/chat_1'],
    ['transcript_updated', `transcript_updated/call_1/${AT.getTime() + 15_000}`],
    ['transfer_ended', `transfer_ended/call_1/${AT.getTime()}/`],
  ])('%s is told from its duplicates by what it is about: %s', (type, dedupeKey) => {
    const normalised = normaliseRetell(sample(type));
    expect(normalised).toMatchObject({ status: 'accepted', providerType: type, dedupeKey, accountIds: ['agent_1'] });
    expect(normalised.providerEventId).toBeUndefined();
  });

  test('of a transfer is told from others by its destination, which the key does not tell', () => {
    const body = sample('transfer_started');
    const keys = ['+12025550143', '+12025550144'].map(
      (number) => normaliseRetell({ ...body, transfer_destination: { number } }).dedupeKey ?? '',
    );
    expect(new Set(keys).size).toBe(2);
    expect(keys.join()).not.toMatch(/2025550/);
    expect(normaliseRetell({ ...body, transfer_destination: { number: '+12025550143' } }).dedupeKey).toBe(keys[0]);
  });

  test('that updates a transcript without saying when is told by its content alone', () => {
    expect(normaliseRetell({ ...sample('transcript_updated'), event_timestamp: undefined }).dedupeKey).toBeUndefined();
  });

  test('never shares a key with another, whatever characters the ids hold', () => {
    const one = normaliseRetell(sample('transfer_ended', { callId: 'a/1', isConnected: false })).dedupeKey;
    const other = normaliseRetell(sample('transfer_ended', { callId: 'a', object: { start_timestamp: 1 } })).dedupeKey;
    expect(one).not.toBe(other);
  });

  test('has its whole body as content', () => {
    const body = Buffer.from(JSON.stringify(sample('call_ended')));
    expect(normaliseRetell(body).content).toEqual(body);
  });

  test.each(['call_inbound', 'chat_inbound'])('%s is kept, and is about no call yet', (type) => {
    const normalised = normaliseRetell(sample(type));
    expect(normalised).toMatchObject({ status: 'accepted', accountIds: ['agent_1'] });
    expect(normalised.dedupeKey).toBeUndefined();
    expect(normalised.events).toMatchObject([
      { stream: { kind: 'provider-object' }, data: { providerType: type, reason: 'kept' } },
    ]);
  });

  test.each([
    ['the start', {}, '2026-11-24T09:30:00.000Z'],
    ['else the end', { start_timestamp: undefined }, '2026-11-24T09:31:30.000Z'],
    ['else what the event says', { start_timestamp: null, end_timestamp: null }, '2026-11-24T09:31:31.000Z'],
  ])('happened at %s of the call', (_name, object, occurredAt) => {
    const normalised = normaliseRetell(sample('call_ended', { object }), { signedAt: SIGNED_AT });
    expect(normalised.startedAt?.toISOString()).toBe(occurredAt);
    expect(new Set(normalised.events.map((event) => event.occurredAt))).toEqual(new Set([occurredAt]));
  });

  test('without any time of its own happened when it was signed, else when it came', () => {
    const body = { ...sample('call_ended', { isConnected: false }), event_timestamp: undefined };
    for (const [signedAt, expected] of [
      [SIGNED_AT, SIGNED_AT],
      [undefined, RECEIVED_AT],
    ] as const) {
      const { events, startedAt } = normaliseRetell(body, signedAt === undefined ? {} : { signedAt });
      expect(startedAt).toEqual(expected);
      const time = expected.toISOString();
      expect(events).toMatchObject([{ occurredAt: time, fact: { providerTime: time } }]);
    }
  });

  test.each([
    ['the event', {}, '2026-11-24T09:31:31.000Z'],
    ['else the end of the call', { event_timestamp: undefined }, '2026-11-24T09:31:30.000Z'],
  ])('is ordered among the reports of a fact by the time of %s', (_name, changes, providerTime) => {
    const { events } = normaliseRetell({ ...sample('call_ended'), ...changes }, { signedAt: SIGNED_AT });
    const facts = events.flatMap(({ fact }) => fact ?? []);
    expect(new Set(facts.map((fact) => fact.providerTime))).toEqual(new Set([providerTime]));
  });

  test('of another organisation, by header or by body, is quarantined', () => {
    const other = {
      status: 'quarantined',
      events: [],
      detail: 'The event is of organisation org_2, the source of organisation org_1.',
    };
    expect(normaliseRetell(sample('call_ended'), { headers: { 'x-retellai-orgid': ['org_2'] } })).toMatchObject(other);
    expect(normaliseRetell(sample('call_ended', { organisationId: 'org_2' }))).toMatchObject(other);
  });

  test('of the same organisation, or for an account that is no organisation id, is accepted', () => {
    const headers = { 'x-retellai-orgid': ['org_1'] };
    expect(normaliseRetell(sample('call_ended', { organisationId: 'org_1' }), { headers }).status).toBe('accepted');
    const source = { account: 'main' };
    expect(normaliseRetell(sample('call_ended', { organisationId: 'org_2' }), { source }).status).toBe('accepted');
  });

  test.each(['call_paused', 'constructor', '__proto__'])('of the unknown type %s is unmapped, in its call', (type) => {
    const normalised = normaliseRetell({ ...sample('call_ended'), event: type });
    expect(normalised).toMatchObject({ status: 'unmapped', providerType: type });
    expect(normalised.dedupeKey).toBeUndefined();
    expect(normalised.events).toMatchObject([
      { stream: { kind: 'call', externalId: 'call_1' }, data: { reason: 'unknown-type', objectId: 'call_1' } },
    ]);
  });

  test('of an odd shape is unmapped, in its call if that can be read', () => {
    const odd = normaliseRetell(sample('call_ended', { object: { duration_ms: 'long' } }));
    expect(odd).toMatchObject({ status: 'unmapped', dedupeKey: 'call_ended/call_1', detail: expect.any(String) });
    expect(odd.events).toMatchObject([
      { stream: { kind: 'call', externalId: 'call_1' }, occurredAt: AT.toISOString(), data: { reason: 'odd-shape' } },
    ]);
    const oddChat = normaliseRetell(sample('chat_ended', { object: { chat_cost: 'much' } }));
    expect(oddChat.events).toMatchObject([{ stream: { kind: 'chat', externalId: 'chat_1' } }]);
  });

  test.each([
    ['no call', { event: 'call_ended' }],
    ['no id of the call', { event: 'call_ended', call: { agent_id: 'agent_1' } }],
    ['no event', { hello: 1 }],
    ['an event that is no name', { event: 7 }],
  ])('with %s is odd, under the hash of its body', (_name, body) => {
    const normalised = normaliseRetell(body);
    expect(normalised.dedupeKey).toBeUndefined();
    expect(normalised).toMatchObject({
      status: 'unmapped',
      events: [
        {
          stream: { kind: 'provider-object', externalId: expect.stringMatching(/^[0-9a-f]{64}$/) },
          data: { reason: 'odd-shape' },
        },
      ],
    });
  });

  test.each([
    ['not JSON', 'hello', 'unreadable'],
    ['not UTF-8', Buffer.from([0x7b, 0xff]), 'unreadable'],
    ['a list', '[]', 'odd-shape'],
  ])('that is %s is unmapped, under the hash of its body', (_name, body, reason) => {
    const normalised = normaliseRetell(body);
    expect(normalised).toMatchObject({
      status: 'unmapped',
      providerType: 'unreadable',
      events: [{ data: { reason } }],
    });
  });

  test('never makes normalise throw, nor anything unsound, whatever is changed in it', () => {
    const fields = ['call_id', 'agent_id', 'start_timestamp', 'end_timestamp', 'duration_ms', 'call_cost', 'chat_cost'];
    fc.assert(
      fc.property(
        fc.constantFrom(...retellSampleTypes),
        fc.constantFrom(...fields, 'call_analysis', 'transcript_object', 'custom_sip_headers', 'call_status'),
        fc.oneof(fc.jsonValue(), fc.double(), fc.constantFrom(-1, 0, 1e20, '1e400', { combined_cost: 1e300 })),
        fc.option(fc.jsonValue(), { nil: undefined }),
        (type, field, value, sentAt) => {
          const body = { ...sample(type, { object: { [field]: value } }), event_timestamp: sentAt };
          expect(['accepted', 'unmapped']).toContain(normaliseRetell(body).status);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('puts no number, name or text of a caller into what folds read, or into a key', () => {
    for (const type of retellSampleTypes) {
      const { events, dedupeKey } = normaliseRetell(sample(type));
      const read = events.map(({ data, fact, stream }) => ({ data, fact, stream }));
      expect(JSON.stringify({ read, dedupeKey })).not.toMatch(/20255501|appointment|Front desk/);
    }
  });
});
