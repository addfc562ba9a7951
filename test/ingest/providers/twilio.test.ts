import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { twilioSample, twilioSampleTypes } from '../../../src/dev/samples/twilio-samples.ts';
import { parseJson } from '../../../src/ingest/json.ts';
import { twilio } from '../../../src/ingest/providers/twilio.ts';
import { readFixtures } from './fixtures.ts';
import { ACCOUNT, normaliseSample, normaliseTwilio, twilioRequest, twilioSource } from './twilio-requests.ts';
import { expectSound } from './webhook.ts';

const SUBACCOUNT = 'AC00000000000000000000000000000002';

describe('a request of Twilio', () => {
  test.each(twilioSampleTypes)('of type %s is recognised, mapped or kept', (type) => {
    const normalised = normaliseSample(type);
    expect(normalised).toMatchObject({ status: 'accepted', providerType: type.split('/')[0] });
    expect(normalised.events.length).toBeGreaterThan(0);
  });

  test.each([
    ['call.completed', { SequenceNumber: '3' }, 'call.completed/CA1/3'],
    ['call.busy', { SequenceNumber: undefined }, 'call.busy/CA1/'],
    ['call.record-action', { RecordingSid: 'RE1' }, 'call.record-action/RE1'],
    ['recording.completed', { RecordingSid: 'RE1' }, 'recording.completed/RE1'],
    ['message.received', {}, 'message.received/SM1'],
    ['message.delivered', {}, 'message.delivered/SM1'],
    ['message.delivered', { MessageSid: 'a/b' }, 'message.delivered/a%2Fb'],
    ['debugger.error', { Sid: 'NO1' }, 'debugger.error/NO1'],
    ['transcription.content', { TranscriptionSid: 'GT1' }, 'transcription.content/GT1/2'],
    ['conference.conference-end', { ConferenceSid: 'CF1' }, 'conference.conference-end/CF1/1/'],
  ])('%s is told from its duplicates by what is signed, whatever token it comes with', (type, fields, dedupeKey) => {
    for (const headers of [{}, { 'i-twilio-idempotency-token': ['one'] }, { 'i-twilio-idempotency-token': ['two'] }]) {
      const normalised = normaliseSample(type, { callSid: 'CA1', messageSid: 'SM1', fields }, { headers });
      expect(normalised.dedupeKey).toBe(dedupeKey);
    }
  });

  test.each(['call.request', 'call.gather-action'])('%s is told by its token, else by its content', (type) => {
    const headers = { 'i-twilio-idempotency-token': ['token-1'] };
    expect(normaliseSample(type, {}, { headers })).toMatchObject({
      dedupeKey: 'token/token-1',
      providerEventId: 'token-1',
    });
    expect(normaliseSample(type).dedupeKey).toBeUndefined();
    for (const values of [[''], ['a', 'b']]) {
      const headers = { 'i-twilio-idempotency-token': values };
      expect(normaliseSample(type, {}, { headers }).dedupeKey).toBeUndefined();
    }
  });

  test('has the same content when it is sent again after another address failed', () => {
    const again = { ErrorUrl: 'https://example.com', ErrorCode: '11200' };
    const first = normaliseSample('message.received').content;
    expect(normaliseSample('message.received', { fields: again }).content).toBe(first);
    expect(normaliseSample('message.failed', { fields: { ErrorCode: '1' } }).content).not.toBe(
      normaliseSample('message.failed', { fields: { ErrorCode: '2' } }).content,
    );
  });

  test('that no shape fits is kept, and told by the names of its parameters alone', () => {
    const normalised = normaliseTwilio('Colour=secret&CallSid=CA1&Empty=');
    expect(normalised).toMatchObject({
      status: 'unmapped',
      providerType: 'unreadable',
      events: [{ type: 'ProviderEventReceived', stream: { kind: 'call', externalId: 'CA1' } }],
      answer: { status: 204 },
    });
    expect(normalised.detail).toBe('No known request of Twilio has these parameters: Colour, CallSid.');
  });
});

describe('the tenant of what Twilio tells', () => {
  test.each([
    ['a call that comes in', 'call.request', {}, ['+12025550198', '+12025550117']],
    ['a call that goes out', 'call.completed', {}, ['+12025550198', '+12025550117']],
    ['a leg', 'call.completed', { Direction: 'outbound-dial' }, ['+12025550198', '+12025550117']],
    ['a message that comes in', 'message.received', {}, ['+12025550198', '+12025550117']],
    ['a message that goes out', 'message.delivered', {}, ['+12025550198', '+12025550117']],
    ['a WhatsApp message', 'message.received/whatsapp', {}, ['+12025550198', '+12025550117']],
    ['a messaging service', 'message.queued', { From: '', MessagingServiceSid: 'MG1' }, ['MG1', '+12025550117']],
    ['an application', 'call.request', { To: '', From: 'client:ada', ApplicationSid: 'AP1' }, ['AP1', 'client:ada']],
  ])('is found for %s: ours before theirs', (_name, type, fields, expected) => {
    expect(normaliseSample(type, { fields }).accountIds).toEqual(expected);
  });

  test('is found by the subaccount first, where the source takes subaccounts', () => {
    const source = { settings: { subaccounts: true } };
    const normalised = normaliseSample('message.received', { accountSid: SUBACCOUNT }, { source });
    expect(normalised).toMatchObject({ status: 'accepted' });
    expect(normalised.accountIds[0]).toBe(SUBACCOUNT);
  });

  test.each([{}, { subaccounts: false }, { subaccounts: 'yes' }])(
    'is nobody’s for another account with %j',
    (settings) => {
      const normalised = normaliseSample('call.request', { accountSid: SUBACCOUNT }, { source: { settings } });
      expect(normalised).toMatchObject({ status: 'quarantined', events: [], answer: { status: 200 } });
      expect(normalised.detail).toContain(SUBACCOUNT);
    },
  );

  test('may be of a subaccount where the event names our account as its parent', () => {
    const fields = { ParentAccountSid: ACCOUNT };
    expect(normaliseSample('debugger.error', { accountSid: SUBACCOUNT, fields }).status).toBe('accepted');
  });
});

describe('the answer to Twilio', () => {
  test.each([
    ['call.request', 200, '<Response/>'],
    ['call.dial-action', 200, '<Response/>'],
    ['call.gather-action', 200, '<Response/>'],
    ['call.record-action', 200, '<Response/>'],
    ['message.received', 200, '<Response/>'],
    ['call.completed', 204, undefined],
    ['call.amd', 204, undefined],
    ['message.delivered', 204, undefined],
    ['recording.completed', 204, undefined],
    ['conference.participant-join', 204, undefined],
    ['event-streams', 204, undefined],
  ])('to %s is %s %s', (type, status, body) => {
    const { answer } = normaliseSample(type);
    expect(answer?.status).toBe(status);
    expect(answer?.body).toBe(body);
    expect(answer?.contentType).toBe(body === undefined ? undefined : 'text/xml');
  });

  test('is what the source says, and the default where that is no TwiML', () => {
    const voiceTwiml = '<Response><Say>Good morning</Say></Response>';
    const messageTwiml = '<Response><Message>Thank you</Message></Response>';
    const bodyOf = (type: string, settings: object) =>
      normaliseSample(type, {}, { source: { settings: { ...settings } } }).answer?.body;
    expect(bodyOf('call.request', { voiceTwiml, messageTwiml })).toBe(voiceTwiml);
    expect(bodyOf('message.received', { voiceTwiml, messageTwiml })).toBe(messageTwiml);
    expect(bodyOf('call.request', { voiceTwiml: 7 })).toBe('<Response/>');
    expect(bodyOf('message.received', { messageTwiml: 'Thank you' })).toBe('<Response/>');
  });

  test('is the same to a request that could not be mapped', () => {
    const normalised = normaliseSample('call.record-action', { fields: { RecordingDuration: 'long' } });
    expect(normalised).toMatchObject({ status: 'unmapped', answer: { status: 200, body: '<Response/>' } });
  });
});

describe('whatever comes in', () => {
  const names = Object.keys(
    Object.assign({}, ...twilioSampleTypes.map((type) => twilioSample(type)).filter((each) => !Array.isArray(each))),
  );

  test('as a form is kept without a fault', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('completed', 'received', '12', '\0', 'CA1'));
    const pairs = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string()), value), { maxLength: 20 });
    fc.assert(
      fc.property(pairs, (form) => {
        normaliseTwilio(new URLSearchParams(form).toString());
      }),
      { numRuns: 500 },
    );
  });

  test('as bytes is kept without a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const path of ['/', '/?bodySHA256=0']) {
          const source = twilioSource();
          const request = { ...twilioRequest('', {}, path), body: Buffer.from(bytes) };
          expectSound(twilio.normalise(request, source, {}), source);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('as a sample with one field changed is kept without a fault', () => {
    const type = fc.constantFrom(...twilioSampleTypes);
    const fields = fc.dictionary(
      fc.oneof(fc.constantFrom(...names, 'accountSid', 'price', 'sid', 'request'), fc.string()),
      fc.string(),
      {
        maxKeys: 3,
      },
    );
    fc.assert(
      fc.property(type, fields, (type, fields) => void normaliseSample(type, { fields })),
      { numRuns: 500 },
    );
  });

  test('as JSON is kept without a fault', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), (body) => void normaliseTwilio(body)),
      { numRuns: 300 },
    );
  });
});

describe('a public sample of Twilio', () => {
  const TYPES: Readonly<Record<string, string>> = {
    'conference-announcement-fail.form': 'conference.announcement-fail',
    'conference-end.form': 'conference.conference-end',
    'conference-participant-mute.form': 'conference.participant-mute',
    'eventstreams-message-delivered.json': 'com.twilio.messaging.message.delivered',
    'sms-inbound.form': 'message.received',
    'sms-status-delivered.form': 'message.delivered',
    'voice-client-outbound-twiml.form': 'call.request',
    'voice-dial-action.form': 'call.dial-action',
    'voice-status-callback-in-progress.form': 'call.in-progress',
    'voice-status-callback-no-answer.form': 'call.no-answer',
    'voice-status-callback-ringing.form': 'call.ringing',
    'voice-twiml-fetch-outbound-api.form': 'call.request',
    'whatsapp-inbound-media.form': 'message.received',
    'whatsapp-inbound.form': 'message.received',
    'whatsapp-status-sent.form': 'message.sent',
  };

  for (const { name, body } of readFixtures('twilio')) {
    test(`${name} is accepted and mapped or deliberately kept`, () => {
      const text = body.toString();
      const isJson = name.endsWith('.json');
      const account = /accountSid"?[=:]"?(\w+)/i.exec(text)?.[1] ?? '';
      const content: object | string = isJson ? [parseJson(body)].flat() : text.trim();
      const normalised = normaliseTwilio(content, { source: { account } });
      expect(normalised).toMatchObject({ status: 'accepted', providerType: TYPES[name] });
      const isKept = normalised.events.every((event) => event.type === 'ProviderEventReceived');
      expect(isKept).toBe(name.startsWith('conference'));
    });
  }
});
