import { describe, expect, test } from '@jest/globals';
import { streamKey } from '../../../src/domain/stream.ts';
import { eventOf } from './normalise.ts';
import { normaliseSample } from './twilio-requests.ts';

const message = { messageSid: 'SM1' };

describe('a Twilio message', () => {
  test('that comes in is received, with its text apart, and counted by segments', () => {
    const event = eventOf(normaliseSample('message.received', { ...message, segments: 3 }), 'MessageReceived');
    expect(event).toMatchObject({
      stream: { kind: 'message', externalId: 'SM1' },
      data: { channel: 'sms', direction: 'inbound', status: 'received', segments: 3, mediaCount: 0 },
      personal: { from: '+12025550117', to: '+12025550198', text: 'Is Thursday free?' },
      fact: {
        key: `${streamKey(event.stream)}#message_segments`,
        kind: 'usage',
        meter: 'message_segments',
        unit: 'segment',
        quantity: '3',
      },
    });
  });

  test.each([
    ['message.received', 'sms'],
    ['message.received/mms', 'mms'],
    ['message.received/whatsapp', 'whatsapp'],
  ])('%s is of channel %s', (type, channel) => {
    expect(eventOf(normaliseSample(type), 'MessageReceived').data.channel).toBe(channel);
  });

  test('that goes out is sent once, and its status changes', () => {
    const sent = eventOf(normaliseSample('message.sent', message), 'MessageSent');
    expect(sent).toMatchObject({ data: { channel: 'sms', direction: 'outbound', status: 'sent' } });
    const delivered = eventOf(normaliseSample('message.delivered', message), 'MessageStatusChanged');
    expect(delivered.data.status).toBe('delivered');
    expect(delivered.fact?.key).toBe(sent.fact?.key);
    expect(delivered.fact?.rank).toBeGreaterThan(sent.fact?.rank ?? Infinity);
  });

  test.each([
    ['sent', true],
    ['delivered', true],
    ['undelivered', true],
    ['partially_delivered', true],
    ['read', true],
    ['accepted', false],
    ['scheduled', false],
    ['queued', false],
    ['sending', false],
    ['failed', false],
    ['canceled', false],
  ])('that is %s counts: %s', (status, counts) => {
    const [event] = normaliseSample(`message.${status}`, message).events;
    expect(event?.fact === undefined).toBe(!counts);
    expect(event?.fact?.quantity).toBe(counts ? '1' : undefined);
  });

  test('counts by the report that tells its segments, whatever comes after', () => {
    const rank = (type: string, fields = {}) =>
      normaliseSample(type, { ...message, fields }).events[0]?.fact?.rank ?? 0;
    expect(rank('message.sent', { NumSegments: '2' })).toBeGreaterThan(rank('message.read'));
    expect(rank('message.delivered', { NumSegments: '2' })).toBeGreaterThan(rank('message.sent', { NumSegments: '2' }));
  });

  test('of a status that nobody knows is kept as unmapped', () => {
    const normalised = normaliseSample('message.sent', { fields: { MessageStatus: 'teleported' } });
    expect(normalised).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'unknown-type' } }] });
  });

  test('with a number of segments that is none is kept as odd', () => {
    const normalised = normaliseSample('message.received', { fields: { NumSegments: 'many' } });
    expect(normalised).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
  });

  test('of a conversation is no message to one of our numbers', () => {
    const normalised = normaliseSample('conversation.onMessageAdded');
    expect(normalised).toMatchObject({ status: 'accepted', events: [{ type: 'ProviderEventReceived' }] });
  });
});
