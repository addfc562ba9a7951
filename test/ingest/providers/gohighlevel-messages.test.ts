import { describe, expect, test } from '@jest/globals';
import { gohighlevelSample } from '../../../src/dev/samples/gohighlevel-samples.ts';
import { normaliseGohighlevel } from './gohighlevel-normalise.ts';
import { eventOf } from './normalise.ts';

const AT = new Date('2026-11-24T09:30:00Z');
const sample = (type: string, object: object = {}) =>
  gohighlevelSample(type, { at: AT, locationId: 'loc_1', object: { messageId: 'm_1', ...object } }) ?? {};
const MESSAGE = { kind: 'message', provider: 'gohighlevel', account: 'agency', mode: 'test', externalId: 'm_1' };
const CALL = { ...MESSAGE, kind: 'call' };

describe('a message', () => {
  test('that came in counts once, and its texts are personal', () => {
    expect(normaliseGohighlevel(sample('InboundMessage')).events).toEqual([
      {
        type: 'MessageReceived',
        stream: MESSAGE,
        occurredAt: AT.toISOString(),
        data: { channel: 'sms', direction: 'inbound', status: 'delivered' },
        personal: { from: '+12025550117', to: '+12025550198', text: 'Is 3 pm free?' },
        fact: {
          key: 'message/gohighlevel/agency/test/m_1#messages',
          kind: 'usage',
          rank: 10,
          providerTime: AT.toISOString(),
          meter: 'messages',
          unit: 'message',
          quantity: '1',
        },
      },
    ]);
  });

  test('that was sent counts once under one key, whatever its later status', () => {
    const facts = ['pending', 'sent', 'delivered', 'read'].map(
      (status) => eventOf(normaliseGohighlevel(sample('OutboundMessage', { status })), 'MessageSent').fact,
    );
    expect(new Set(facts.map((fact) => JSON.stringify(fact))).size).toBe(1);
  });

  test.each(['failed', 'canceled', 'Failed'])('that %s takes back what it counted', (status) => {
    const event = eventOf(normaliseGohighlevel(sample('OutboundMessage', { status })), 'MessageSent');
    expect(event.fact).toMatchObject({ key: 'message/gohighlevel/agency/test/m_1#messages', rank: 20, quantity: '0' });
  });

  test.each([
    ['SMS', 'sms'],
    ['Email', 'email'],
    ['WhatsApp', 'whatsapp'],
    ['Live Chat', 'live_chat'],
    ['GMB', 'gmb'],
    ['FB', 'fb'],
    ['TYPE_INSTAGRAM', 'instagram'],
  ])('by %s is of channel %s', (messageType, channel) => {
    const event = eventOf(normaliseGohighlevel(sample('InboundMessage', { messageType })), 'MessageReceived');
    expect(event.data.channel).toBe(channel);
  });

  test('of an e-mail has many receivers and media', () => {
    const body = sample('OutboundMessage/email', {
      to: ['a@example.com', 'b@example.com'],
      attachments: ['https://x'],
    });
    const event = eventOf(normaliseGohighlevel(body), 'MessageSent');
    expect(event.data).toMatchObject({ channel: 'email', mediaCount: 1 });
    expect(event.personal).toMatchObject({ to: 'a@example.com, b@example.com' });
  });

  test('without an id is known by that of its e-mail, else by its conversation and time', () => {
    const mail = normaliseGohighlevel(sample('OutboundMessage/email', { messageId: null, emailMessageId: 'e_1' }));
    expect(mail.events[0]?.stream.externalId).toBe('e_1');
    const object = { messageId: undefined, conversationId: 'conv_1' };
    const { events } = normaliseGohighlevel(sample('InboundMessage', object));
    expect(events[0]?.stream.externalId).toBe('conv_1@2026-11-24T09:30:00.000Z');
  });

  test('that nothing tells from another one is odd: it would not count, and must be seen', () => {
    const normalised = normaliseGohighlevel(sample('InboundMessage', { messageId: null, conversationId: null }));
    expect(normalised).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
  });

  test.each(['Internal Comment', 'TYPE_ACTIVITY_INVOICE', 'TYPE_LIVE_CHAT_INFO_MESSAGE'])(
    'that reaches nobody (%s) is kept',
    (messageType) => {
      const normalised = normaliseGohighlevel(sample('OutboundMessage', { messageType }));
      expect(normalised).toMatchObject({ status: 'accepted', events: [{ data: { reason: 'kept' } }] });
    },
  );

  test('that a conversation provider is asked to send is kept: it is told again when it was sent', () => {
    const normalised = normaliseGohighlevel(sample('ProviderOutboundMessage'));
    expect(normalised).toMatchObject({
      providerType: 'ProviderOutboundMessage',
      events: [{ data: { reason: 'kept' } }],
    });
  });
});

describe('a telephone call', () => {
  test('ends with its seconds, in the stream of the call', () => {
    const body = sample('InboundMessage/call', { callDuration: 120.5 });
    expect(normaliseGohighlevel(body).events).toEqual([
      {
        type: 'CallEnded',
        stream: CALL,
        occurredAt: AT.toISOString(),
        data: { channel: 'phone_call', direction: 'inbound', status: 'completed', durationMs: 120_500 },
        personal: { from: '+12025550117', to: '+12025550198' },
        fact: {
          key: 'call/gohighlevel/agency/test/m_1#call_seconds',
          kind: 'usage',
          rank: 10,
          providerTime: AT.toISOString(),
          meter: 'call_seconds',
          unit: 'second',
          quantity: '120.5',
        },
      },
    ]);
  });

  test('has the direction that is printed, under whichever type it came', () => {
    const body = sample('OutboundMessage/call', { direction: 'inbound' });
    expect(eventOf(normaliseGohighlevel(body), 'CallEnded').data.direction).toBe('inbound');
  });

  test('that left a voicemail tells no length, and none is counted', () => {
    const object = { status: 'voicemail', callStatus: null, callDuration: null };
    const event = eventOf(normaliseGohighlevel(sample('InboundMessage/call', object)), 'CallEnded');
    expect(event.data.status).toBe('voicemail');
    expect(event.fact).toBeUndefined();
  });

  test('that still rings has only begun', () => {
    const object = { status: 'ringing', callStatus: 'ringing', callDuration: 3 };
    expect(eventOf(normaliseGohighlevel(sample('InboundMessage/call', object)), 'CallStarted').fact).toBeUndefined();
  });

  test('of a voice agent is the same call, and its report is the greater one', () => {
    const event = eventOf(normaliseGohighlevel(sample('VoiceAiCallEnd', { duration: 88 })), 'CallEnded');
    expect(event).toMatchObject({
      stream: CALL,
      data: { channel: 'voice_ai', durationMs: 88_000 },
      fact: { key: 'call/gohighlevel/agency/test/m_1#call_seconds', rank: 20, quantity: '88' },
    });
    expect(JSON.stringify(event)).not.toContain('How can I help');
  });

  test('of a voice agent without a message has its own id', () => {
    const body = sample('VoiceAiCallEnd', { messageId: null, id: 'call_1' });
    expect(normaliseGohighlevel(body).events[0]?.stream).toEqual({ ...CALL, externalId: 'call_1' });
  });

  test('on trial is recorded and not counted', () => {
    const event = eventOf(normaliseGohighlevel(sample('VoiceAiCallEnd', { trialCall: true })), 'CallEnded');
    expect(event.data.channel).toBe('voice_ai_trial');
    expect(event.fact).toBeUndefined();
  });

  test.each([-1, 'long', 2e9])('of %j seconds is odd', (callDuration) => {
    expect(normaliseGohighlevel(sample('InboundMessage/call', { callDuration })).status).toBe('unmapped');
  });
});
