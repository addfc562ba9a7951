import { describe, expect, test } from '@jest/globals';
import type { RetellSample } from '../../../src/dev/samples/retell-samples.ts';
import { retellSample } from '../../../src/dev/samples/retell-samples.ts';
import { eventOf, normaliseRetell } from './normalise.ts';

const AT = new Date('2026-11-24T09:30:00.000Z');
const sample = (type: string, changes: RetellSample = {}) =>
  retellSample(type, { at: AT, callId: 'call_1', chatId: 'chat_1', agentId: 'agent_1', ...changes }) ?? {};
const STREAM = { kind: 'call', provider: 'retell', account: 'org_1', mode: 'test', externalId: 'call_1' };
const KEY = 'call/retell/org_1/test/call_1#';

describe('a call', () => {
  test('that started is told with its parties apart', () => {
    const object = { telephony_identifier: { twilio_call_sid: 'CA1' } };
    expect(normaliseRetell(sample('call_started', { object })).events).toEqual([
      {
        type: 'CallStarted',
        stream: STREAM,
        occurredAt: AT.toISOString(),
        data: {
          agentId: 'agent_1',
          channel: 'phone_call',
          direction: 'inbound',
          telephonyCallId: 'CA1',
          startedAt: AT.toISOString(),
        },
        personal: { from: '+12025550117', to: '+12025550198' },
      },
      {
        type: 'CallLinked',
        stream: STREAM,
        occurredAt: AT.toISOString(),
        data: { provider: 'twilio', callId: 'CA1' },
      },
    ]);
  });

  test.each(['call_started', 'call_ended', 'call_analyzed'])(
    'is linked to its telephone leg by each %s that names it, without a fact',
    (type) => {
      const linksOf = (object: Readonly<Record<string, unknown>>) =>
        normaliseRetell(sample(type, { object })).events.filter((event) => event.type === 'CallLinked');
      const named = linksOf({ telephony_identifier: { twilio_call_sid: 'CA1' } });
      expect(named).toMatchObject([{ stream: STREAM, data: { provider: 'twilio', callId: 'CA1' } }]);
      expect(named[0]).not.toHaveProperty('fact');
      for (const nothing of [null, {}, { twilio_call_sid: null }, { twilio_call_sid: '' }]) {
        expect(linksOf({ telephony_identifier: nothing })).toEqual([]);
      }
    },
  );

  test('that ended reports its seconds', () => {
    const event = eventOf(normaliseRetell(sample('call_ended', { durationMs: 90_250 })), 'CallEnded');
    expect(event).toMatchObject({
      data: {
        status: 'ended',
        disconnectionReason: 'user_hangup',
        startedAt: '2026-11-24T09:30:00.000Z',
        endedAt: '2026-11-24T09:31:30.250Z',
        durationMs: 90_250,
      },
      personal: { from: '+12025550117', to: '+12025550198' },
    });
    expect(event.fact).toEqual({
      key: `${KEY}call_seconds`,
      kind: 'usage',
      rank: 10,
      providerTime: '2026-11-24T09:31:31.250Z',
      meter: 'call_seconds',
      unit: 'second',
      quantity: '90.25',
    });
  });

  test('that was analysed reports the same fact, of a greater rank, and keeps only the summary of what was said', () => {
    const event = eventOf(normaliseRetell(sample('call_analyzed')), 'CallAnalyzed');
    expect(event).toMatchObject({
      data: { successful: true, sentiment: 'Positive', inVoicemail: false, durationMs: 90_000 },
      fact: { key: `${KEY}call_seconds`, rank: 20, quantity: '90' },
    });
    expect(event.personal).toEqual({ summary: 'The caller moved an appointment to Thursday.' });
  });

  test.each([
    ['what Retell says', '{"duration_ms":10000,"start_timestamp":1,"end_timestamp":5001}', '10'],
    ['to the last digit', '{"duration_ms":1234.5678901234567890123}', '1.2345678901234567890123'],
    ['in any notation', '{"duration_ms":1.5e3}', '1.5'],
    ['from start to end', '{"start_timestamp":1000,"end_timestamp":5001}', '4.001'],
    ['nothing, for a call that nobody answered', '{"call_status":"not_connected"}', '0'],
    ['not known, when nothing tells it', '{"call_status":"ended"}', undefined],
    ['not known, when it ends before it starts', '{"start_timestamp":5001,"end_timestamp":1000}', undefined],
  ])('lasts %s', (_name, fields, quantity) => {
    const body = `{"event":"call_ended","event_timestamp":1790000000000,"call":{"call_id":"call_1",${fields.slice(1)}}`;
    expect(eventOf(normaliseRetell(body), 'CallEnded').fact?.quantity).toBe(quantity);
  });

  test.each(['-1', '"long"', '1e400', 'true'])('is odd with a duration of %s', (duration) => {
    const body = `{"event":"call_ended","call":{"call_id":"call_1","duration_ms":${duration}}}`;
    expect(normaliseRetell(body)).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
  });

  test('that nobody answered lasted no time and cost nothing', () => {
    const { events } = normaliseRetell(sample('call_ended', { isConnected: false }));
    expect(events).toMatchObject([
      { type: 'CallEnded', data: { status: 'not_connected', durationMs: 0 }, fact: { quantity: '0' } },
    ]);
  });

  test.each([
    ['transfer_started', 'CallTransferStarted'],
    ['transfer_bridged', 'CallTransferBridged'],
    ['transfer_cancelled', 'CallTransferCancelled'],
  ] as const)('of which %s is told, with its destination apart', (type, eventType) => {
    expect(normaliseRetell(sample(type)).events).toEqual([
      {
        type: eventType,
        stream: STREAM,
        occurredAt: AT.toISOString(),
        data: { agentId: 'agent_1', startedAt: AT.toISOString() },
        personal: { destination: '+12025550143', extension: '7' },
      },
    ]);
  });

  test('may be transferred to a destination that is plain text', () => {
    const { events } = normaliseRetell({ ...sample('transfer_started'), transfer_destination: 'sip:desk@example.com' });
    expect(events).toMatchObject([{ personal: { destination: 'sip:desk@example.com' } }]);
  });

  test('tells how many turns its transcript has, and not the words', () => {
    const event = eventOf(normaliseRetell(sample('transcript_updated')), 'CallTranscriptUpdated');
    expect(event.data).toEqual({ agentId: 'agent_1', turns: 2 });
    expect(event.personal).toBeUndefined();
  });
});

describe('a chat', () => {
  test('that started is told', () => {
    expect(normaliseRetell(sample('chat_started')).events).toMatchObject([
      {
        type: 'ChatStarted',
        stream: { ...STREAM, kind: 'chat', externalId: 'chat_1' },
        data: { agentId: 'agent_1', channel: 'api_chat', startedAt: AT.toISOString() },
      },
    ]);
  });

  test.each([
    ['chat_ended', 'ChatEnded', 10],
    ['chat_analyzed', 'ChatAnalyzed', 20],
  ] as const)('is one chat of use, reported by %s', (type, eventType, rank) => {
    const key = 'chat/retell/org_1/test/chat_1#chats';
    const event = eventOf(normaliseRetell(sample(type)), eventType);
    expect(event.fact).toMatchObject({ key, kind: 'usage', rank, meter: 'chats', unit: 'chat', quantity: '1' });
  });

  test('whose end is null has not ended', () => {
    const event = eventOf(normaliseRetell(sample('chat_ended', { object: { end_timestamp: null } })), 'ChatEnded');
    expect(event.data.endedAt).toBeUndefined();
  });

  test('keeps only the summary of what was said', () => {
    const event = eventOf(normaliseRetell(sample('chat_analyzed')), 'ChatAnalyzed');
    expect(event.personal).toEqual({ summary: 'The customer moved an appointment to Thursday.' });
    expect(event.data).toMatchObject({ successful: true, sentiment: 'Neutral' });
  });
});
