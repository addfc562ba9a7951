import { describe, expect, test } from '@jest/globals';
import { twilioSample } from '../../../src/dev/samples/twilio-samples.ts';
import type { TwilioSample } from '../../../src/dev/samples/twilio-story.ts';
import { twilio } from '../../../src/ingest/providers/twilio.ts';
import { eventOf } from './normalise.ts';
import { ACCOUNT, normaliseSample, normaliseTwilio, PATH, twilioRequest, twilioSource } from './twilio-requests.ts';

const MESSAGE = 'com.twilio.messaging.message.';
const CALL = 'com.twilio.voice.status-callback.call.';

/** The events of several samples in one request. */
function batch(...samples: readonly (readonly [type: string, sample?: TwilioSample])[]): unknown[] {
  return samples.flatMap(([type, sample]) => [twilioSample(type, sample)].flat());
}

describe('an Event Stream of Twilio', () => {
  test('becomes the events of all its members, each with its own accounts', () => {
    const normalised = normaliseSample('event-streams', { durationSeconds: 45 });
    expect(normalised).toMatchObject({ status: 'accepted', providerType: 'event-streams', answer: { status: 204 } });
    expect(normalised.events.map(({ type }) => type)).toEqual(['MessageReceived', 'CallEnded', 'MessageSent']);
    expect(normalised.eventAccounts).toHaveLength(3);
    expect(normalised.eventAccounts?.map(({ accountIds }) => accountIds[0])).toEqual(Array(3).fill('+12025550198'));
    expect(normalised.eventAccounts?.[1]?.startedAt?.toISOString()).toBe('2026-11-24T09:29:15.000Z');
  });

  test('of one event has its type, its id and a key of it', () => {
    const normalised = normaliseSample(`${MESSAGE}delivered`);
    expect(normalised.providerType).toBe(`${MESSAGE}delivered`);
    expect(normalised.providerEventId).toMatch(/^EZ/);
    expect(normalised.dedupeKey).toBe(`event-streams/${normalised.providerEventId}`);
  });

  test('has the same key in any order, and another for other members', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((key) => batch([`${MESSAGE}sent`, { key }])[0]);
    const key = (...members: unknown[]) => normaliseTwilio(members).dedupeKey;
    expect(key(a, b)).toBe(key(b, a));
    expect(new Set([key(a), key(a, b), key(a, c), key(a, b, c)]).size).toBe(4);
  });

  test('keeps a bad member for itself, and its neighbours are fine', () => {
    const bad = [null, 'text', 7, [], {}, { id: 'EZ1' }, { id: 'EZ1', type: `${MESSAGE}sent` }, { type: 'x', data: 1 }];
    for (const member of bad) {
      const normalised = normaliseTwilio([...batch([`${MESSAGE}sent`]), member, ...batch([`${CALL}completed`])]);
      expect(normalised.events.map(({ type }) => type)).toEqual(['MessageSent', 'ProviderEventReceived', 'CallEnded']);
      expect(normalised.events[1]).toMatchObject({ data: { reason: 'odd-shape' } });
      expect(normalised.status).toBe('unmapped');
      expect(normalised.detail).toMatch(/^Event 2 of 3: /);
    }
  });

  test('keeps a member with an odd value for itself', () => {
    const normalised = normaliseTwilio(
      batch(
        [`${CALL}completed`, { fields: { request: { parameters: { CallDuration: 'long' } } } }],
        [`${MESSAGE}sent`],
      ),
    );
    expect(normalised.events.map(({ type }) => type)).toEqual(['ProviderEventReceived', 'MessageSent']);
  });

  test.each([
    [`${MESSAGE}sent`, 'MessageSent'],
    [`${MESSAGE}delivered`, 'MessageStatusChanged'],
    ['com.twilio.messaging.inbound-message.received', 'MessageReceived'],
    [`${CALL}initiated`, 'CallStarted'],
    [`${CALL}answered`, 'CallStarted'],
    [`${CALL}completed`, 'CallEnded'],
    ['com.twilio.voice.status-callback.recording.processed', 'RecordingCompleted'],
    ['com.twilio.voice.twiml.dial.finished', 'CallEnded'],
    ['com.twilio.voice.insights.call-summary.complete', 'ProviderEventReceived'],
    ['com.twilio.error-logs.error.logged', 'ProviderEventReceived'],
  ] as const)('tells by %s what a callback tells', (type, expected) => {
    const normalised = normaliseSample(type);
    expect(normalised.status).toBe('accepted');
    eventOf(normalised, expected);
  });

  test('reports the same facts as callbacks do', () => {
    const keyOf = (type: string) => normaliseSample(type, { key: 'k' }).events[0]?.fact?.key;
    expect(keyOf(`${MESSAGE}delivered`)).toBe(keyOf('message.delivered'));
    expect(keyOf(`${CALL}completed`)).toBe(keyOf('call.completed'));
    expect(keyOf('com.twilio.voice.status-callback.recording.processed')).toBe(keyOf('recording.completed'));
  });

  test('tells the status of a message by its type, and its segments', () => {
    const normalised = normaliseSample(`${MESSAGE}delivered`, { segments: 4, fields: { messageStatus: 'QUEUED' } });
    expect(eventOf(normalised, 'MessageStatusChanged')).toMatchObject({
      data: { status: 'delivered', segments: 4 },
      fact: { quantity: '4' },
    });
  });

  test('reads the parameters of a call also where they are a form', () => {
    const parameters = 'CallStatus=no-answer&From=%2B12025550198&CallDuration=0&Direction=outbound-api';
    const normalised = normaliseSample(`${CALL}completed`, { callSid: 'CA1', fields: { request: { parameters } } });
    expect(eventOf(normalised, 'CallEnded')).toMatchObject({
      stream: { externalId: 'CA1' },
      data: { status: 'no-answer' },
      personal: { from: '+12025550198' },
    });
  });

  test('of types that are not of Twilio is unmapped', () => {
    const [event] = batch([`${MESSAGE}sent`]);
    const normalised = normaliseTwilio([Object.assign({}, event, { type: 'org.example.thing' })]);
    expect(normalised).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'unknown-type' } }] });
  });

  test.each([
    ['no JSON', '{"a":', 'unreadable'],
    ['no event', '[]', 'odd-shape'],
  ])('with %s in it is kept, and answered', (_name, body, reason) => {
    const request = { ...twilioRequest(body), url: `${PATH}?bodySHA256=0` };
    expect(twilio.normalise(request, twilioSource(), {})).toMatchObject({
      status: 'unmapped',
      answer: { status: 204 },
      events: [{ data: { reason } }],
    });
  });

  test('is quarantined only when all of it is of another account', () => {
    const stranger = { fields: { accountSid: 'AC0' } } as const;
    expect(normaliseTwilio(batch([`${MESSAGE}sent`, stranger]))).toMatchObject({ status: 'quarantined', events: [] });
    const mixed = normaliseTwilio(batch([`${MESSAGE}sent`], [`${MESSAGE}sent`, { key: 'b', ...stranger }]));
    expect(mixed).toMatchObject({
      status: 'unmapped',
      events: [{ type: 'MessageSent' }, { data: { reason: 'odd-shape' } }],
    });
    expect(mixed.eventAccounts?.[1]?.accountIds).toEqual([]);
  });
});

describe('a price in an Event Stream', () => {
  test.each([
    ['-0.0075', '0.0075'],
    ['-0.00750', '0.0075'],
    ['0', '0'],
    ['-1e-7', '0.0000001'],
    // Given back.
    ['0.02', '-0.02'],
  ])('of a message, %s, costs %s', (price, amount) => {
    const normalised = normaliseSample(`${MESSAGE}delivered`, { price });
    const event = eventOf(normalised, 'MessageCostReported');
    expect(event.data).toEqual({ component: 'sms', isTransferLeg: false, amount, currency: 'USD' });
    expect(event.fact).toMatchObject({ kind: 'cost', meter: 'sms', unit: 'message', amount, currency: 'USD' });
    expect(normalised.events).toHaveLength(2);
  });

  test('of a call is that of its telephony, in the currency of the account', () => {
    const normalised = normaliseSample(`${CALL}completed`, { price: '-0.013', fields: { priceUnit: 'eur' } });
    expect(eventOf(normalised, 'CallCostReported').data).toMatchObject({
      component: 'telephony',
      amount: '0.013',
      currency: 'EUR',
    });
  });

  test('stands alone where the rest of the event is only kept', () => {
    const normalised = normaliseTwilio([
      { id: 'EZ1', type: 'com.twilio.some.new.type', data: { callSid: 'CA1', accountSid: ACCOUNT, price: -0.25 } },
    ]);
    expect(normalised.events).toMatchObject([{ type: 'CallCostReported', data: { amount: '0.25' } }]);
  });

  test('that is none is odd, and one that is missing costs nothing yet', () => {
    expect(normaliseSample(`${MESSAGE}delivered`, { price: 'free' })).toMatchObject({
      status: 'unmapped',
      events: [{ data: { reason: 'odd-shape' } }],
    });
    const normalised = normaliseSample(`${MESSAGE}delivered`, { fields: { price: null } });
    expect(normalised.events.map(({ type }) => type)).toEqual(['MessageStatusChanged']);
  });

  test('is no price in a callback, where nobody documents one', () => {
    const normalised = normaliseSample('message.delivered', { fields: { Price: '-5' } });
    expect(normalised.events.map(({ type }) => type)).toEqual(['MessageStatusChanged']);
  });
});
