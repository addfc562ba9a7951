import { describe, expect, test } from '@jest/globals';
import { streamKey } from '../../../src/domain/stream.ts';
import { sid } from '../../../src/dev/samples/twilio-story.ts';
import { eventOf } from './normalise.ts';
import { normaliseSample, normaliseTwilio } from './twilio-requests.ts';
import { RECEIVED_AT } from './webhook.ts';

const AT = new Date('2026-11-24T09:30:00.000Z');
const call = { at: AT, callSid: 'CA1' };

describe('a Twilio call', () => {
  test.each([
    ['call.request', 'inbound', RECEIVED_AT],
    ['call.initiated', 'outbound', AT],
    ['call.ringing', 'outbound', AT],
    ['call.in-progress', 'outbound', AT],
  ])('is started by %s', (type, direction, at) => {
    const event = eventOf(normaliseSample(type, call), 'CallStarted');
    expect(event).toMatchObject({
      stream: { kind: 'call', externalId: 'CA1' },
      occurredAt: at.toISOString(),
      data: { channel: 'phone_call', direction },
    });
    expect(event.data.startedAt).toBe(type === 'call.in-progress' ? AT.toISOString() : undefined);
    expect(event.fact).toBeUndefined();
  });

  test('that has ended is counted in seconds, under its start; the minutes count nothing', () => {
    const normalised = normaliseSample('call.completed', { ...call, durationSeconds: 61, fields: { Duration: '2' } });
    const event = eventOf(normalised, 'CallEnded');
    expect(event).toMatchObject({
      occurredAt: '2026-11-24T09:28:59.000Z',
      data: {
        status: 'completed',
        startedAt: '2026-11-24T09:28:59.000Z',
        endedAt: AT.toISOString(),
        durationMs: 61_000,
      },
      personal: { from: '+12025550198', to: '+12025550117' },
      fact: {
        key: `${streamKey(event.stream)}#call_seconds`,
        kind: 'usage',
        meter: 'call_seconds',
        unit: 'second',
        quantity: '61',
        providerTime: AT.toISOString(),
      },
    });
    expect(normalised.startedAt?.toISOString()).toBe('2026-11-24T09:28:59.000Z');
  });

  test.each(['busy', 'no-answer', 'failed', 'canceled'])('that was never connected (%s) lasted no time', (status) => {
    for (const fields of [{}, { CallDuration: undefined }]) {
      const event = eventOf(normaliseSample(`call.${status}`, { ...call, fields }), 'CallEnded');
      expect(event.data).toMatchObject({ status, durationMs: 0 });
      expect(event.data.startedAt).toBeUndefined();
      expect(event.fact).toMatchObject({ quantity: '0' });
    }
  });

  test('that is completed without a length counts nothing yet', () => {
    const event = eventOf(normaliseSample('call.completed', { fields: { CallDuration: undefined } }), 'CallEnded');
    expect(event.fact).toBeUndefined();
    expect(event.data.durationMs).toBeUndefined();
  });

  test.each(['-5', '1.5', '1e3', 'long', '9999999999'])('of %s seconds is kept, and counts nothing', (CallDuration) => {
    const normalised = normaliseSample('call.completed', { ...call, fields: { CallDuration } });
    expect(normalised).toMatchObject({
      status: 'unmapped',
      providerType: 'call.completed',
      events: [{ type: 'ProviderEventReceived', stream: { externalId: 'CA1' }, data: { reason: 'odd-shape' } }],
    });
    expect(normalised.detail).toContain('not a number of seconds');
    expect(normalised.detail).not.toContain(CallDuration);
  });

  test('that another one dialled names it, and is a call of its own', () => {
    const fields = { ParentCallSid: 'CA0', Direction: 'outbound-dial' };
    const event = eventOf(normaliseSample('call.completed', { ...call, fields }), 'CallEnded');
    expect(event).toMatchObject({
      stream: { externalId: 'CA1' },
      data: { parentCallId: 'CA0', direction: 'outbound' },
    });
  });

  test('that has dialled goes on, and the leg that it dialled has ended', () => {
    const normalised = normaliseSample('call.dial-action', { ...call, key: 'k', durationSeconds: 45 });
    const leg = sid('CA', 'k', 'leg');
    expect(normalised.events).toHaveLength(1);
    expect(eventOf(normalised, 'CallEnded')).toMatchObject({
      stream: { kind: 'call', externalId: leg },
      data: { status: 'completed', parentCallId: 'CA1', durationMs: 45_000 },
      fact: { quantity: '45' },
    });
    expect(normalised.dedupeKey).toBe(`call.dial-action/CA1/${leg}/completed`);
  });

  test('that dialled nobody is kept as it is', () => {
    const normalised = normaliseSample('call.dial-action', { ...call, fields: { DialCallSid: undefined } });
    expect(normalised.events).toMatchObject([
      { type: 'ProviderEventReceived', stream: { externalId: 'CA1' }, data: { reason: 'kept' } },
    ]);
  });

  test('is reported better by its own end than by what dialled it, and best by a completed one', () => {
    const rank = (type: string) => eventOf(normaliseSample(type), 'CallEnded').fact?.rank ?? 0;
    expect(rank('call.dial-action')).toBeLessThan(rank('call.no-answer'));
    expect(rank('call.no-answer')).toBeLessThan(rank('call.completed'));
  });

  test.each([
    ['client:ada', 'inbound', 'client_call'],
    ['sip:ada@example.com', 'trunking-originating', 'sip_call'],
    ['+12025550117', 'inbound', 'phone_call'],
  ])('from %s has the channel of its ends', (From, Direction, channel) => {
    const event = eventOf(normaliseSample('call.request', { fields: { From, Direction } }), 'CallStarted');
    expect(event).toMatchObject({ data: { channel, direction: 'inbound' }, personal: { from: From } });
  });

  test('is asked about by TwiML at any time, also when its own status is that it has ended', () => {
    const ended = { CallStatus: 'completed' };
    for (const type of ['call.gather-action', 'call.record-action', 'call.enqueue-action', 'call.dial-action']) {
      expect(normaliseSample(type, { fields: ended })).toMatchObject({ providerType: type, answer: { status: 200 } });
    }
  });

  test('whose time is unreadable happened when it came', () => {
    for (const Timestamp of ['Alice 1', 'yesterday', '2026-13-45T00:00:00Z', 'Mon, 02 Jan 0000 15:04:05 +0000']) {
      const normalised = normaliseSample('call.ringing', { fields: { Timestamp } });
      expect(normalised.startedAt).toEqual(RECEIVED_AT);
    }
  });
});

describe('a Twilio recording', () => {
  test.each(['recording.completed', 'call.record-action'])('by %s lives with its call and is counted', (type) => {
    const normalised = normaliseSample(type, { ...call, key: 'k', durationSeconds: 30 });
    const event = eventOf(normalised, 'RecordingCompleted');
    expect(event).toMatchObject({
      stream: { kind: 'call', externalId: 'CA1' },
      data: { recordingId: sid('RE', 'k'), durationMs: 30_000 },
      fact: { meter: 'recording_seconds', unit: 'second', quantity: '30' },
    });
    expect(event.fact?.key).toBe(`${streamKey(event.stream)}#recording_seconds/${sid('RE', 'k')}`);
  });

  test('of a conference, without a call, stands for itself', () => {
    const fields = { CallSid: undefined, ConferenceSid: 'CF1' };
    const event = eventOf(normaliseSample('recording.completed', { key: 'k', fields }), 'RecordingCompleted');
    expect(event.stream).toMatchObject({ kind: 'provider-object', externalId: sid('RE', 'k') });
  });

  test('knows its own start', () => {
    const fields = { RecordingStartTime: 'Tue, 24 Nov 2026 09:00:00 +0000' };
    const event = eventOf(normaliseSample('recording.completed', { fields }), 'RecordingCompleted');
    expect(event.occurredAt).toBe('2026-11-24T09:00:00.000Z');
  });

  test('without a length is told, and not counted', () => {
    const event = eventOf(
      normaliseSample('recording.completed', { fields: { RecordingDuration: undefined } }),
      'RecordingCompleted',
    );
    expect(event.fact).toBeUndefined();
  });
});

test('a doubled parameter is read as its first value', () => {
  const normalised = normaliseTwilio('CallSid=CA1&CallSid=CA2&CallStatus=ringing&Direction=inbound');
  expect(eventOf(normalised, 'CallStarted').stream.externalId).toBe('CA1');
});
