import { createHash } from 'node:crypto';

/**
 * Requests of our own in the shapes that Twilio documents: the parameters of a form, or the list that Event Streams
 * send as JSON. Samples with the same `key` are about the same call, message and recording.
 */
export type TwilioSample = Readonly<{
  /** Names the call or message; all ids that are not given follow from it. */
  key?: string;
  /** When it happened: a call that has ended, ended then. */
  at?: Date;
  accountSid?: string;
  callSid?: string;
  messageSid?: string;
  /** E.164; a call or message that comes in is to ours, one that goes out from ours. */
  ourNumber?: string;
  theirNumber?: string;
  durationSeconds?: number;
  segments?: number;
  /** As Twilio writes it, negative; only an event of Event Streams has one. */
  price?: string;
  /** Parameters, or fields of an event's data, that are to be otherwise; undefined leaves one out. */
  fields?: Readonly<Record<string, unknown>>;
}>;

export type TwilioStory = ReturnType<typeof tell>;

/** Everything that is left out follows from the key. */
export function tell(sample: TwilioSample) {
  const { key = 'sample', at = new Date('2026-11-24T09:30:00Z') } = sample;
  return {
    key,
    at,
    accountSid: sample.accountSid ?? sid('AC', 'account'),
    callSid: sample.callSid ?? sid('CA', key),
    messageSid: sample.messageSid ?? sid('SM', key),
    ourNumber: sample.ourNumber ?? '+12025550198',
    theirNumber: sample.theirNumber ?? '+12025550117',
    durationSeconds: sample.durationSeconds ?? 90,
    segments: sample.segments ?? 1,
    price: sample.price,
    fields: sample.fields ?? {},
  };
}

/** An id as Twilio makes them: two letters and 32 hex digits, the same for the same words. */
export function sid(prefix: string, ...words: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([prefix, ...words]));
  return `${prefix}${hash.digest('hex').slice(0, 32)}`;
}

export function call(story: TwilioStory, direction: 'inbound' | 'outbound-api') {
  const { ourNumber, theirNumber } = story;
  const [from, to] = direction === 'inbound' ? [theirNumber, ourNumber] : [ourNumber, theirNumber];
  return {
    AccountSid: story.accountSid,
    ApiVersion: '2010-04-01',
    CallSid: story.callSid,
    Called: to,
    CalledCity: '',
    Caller: from,
    Direction: direction,
    From: from,
    FromCountry: 'US',
    To: to,
    ToCountry: 'US',
  };
}

/** What a status callback says of itself. */
export function callback(story: TwilioStory, sequenceNumber: number) {
  return {
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(sequenceNumber),
    Timestamp: story.at.toUTCString().replace('GMT', '+0000'),
  };
}

export function recording(story: TwilioStory) {
  const id = sid('RE', story.key);
  return {
    RecordingDuration: String(story.durationSeconds),
    RecordingSid: id,
    RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${story.accountSid}/Recordings/${id}`,
  };
}

export function conference(story: TwilioStory, event: string) {
  return {
    AccountSid: story.accountSid,
    ConferenceSid: sid('CF', story.key),
    FriendlyName: 'front-desk',
    SequenceNumber: '1',
    StatusCallbackEvent: event,
    Timestamp: story.at.toUTCString().replace('GMT', '+0000'),
  };
}

export function conversation(story: TwilioStory, event: string) {
  return {
    AccountSid: story.accountSid,
    ConversationSid: sid('CH', story.key),
    DateCreated: story.at.toISOString(),
    EventType: event,
  };
}

export function message(story: TwilioStory, direction: 'in' | 'out') {
  const { messageSid, ourNumber, theirNumber } = story;
  const ids = { AccountSid: story.accountSid, ApiVersion: '2010-04-01', MessageSid: messageSid, SmsSid: messageSid };
  if (direction === 'out') return { ...ids, From: ourNumber, To: theirNumber };
  return {
    ...ids,
    Body: 'Is Thursday free?',
    From: theirNumber,
    FromCity: '',
    NumMedia: '0',
    NumSegments: String(story.segments),
    SmsMessageSid: messageSid,
    SmsStatus: 'received',
    To: ourNumber,
  };
}

/** The data of an event about a message that goes out. */
export function messageEvent(story: TwilioStory, status: string) {
  return {
    accountSid: story.accountSid,
    apiVersion: '2010-04-01',
    from: story.ourNumber,
    messageSid: story.messageSid,
    messageStatus: status.toUpperCase(),
    numberOfSegments: story.segments,
    timestamp: story.at.toISOString(),
    to: story.theirNumber,
  };
}

/** The data of an event about a request that Twilio made, with the parameters that it made it with. */
export function callEvent(story: TwilioStory, parameters: Readonly<Record<string, unknown>>) {
  return {
    sid: story.callSid,
    timestamp: story.at.toISOString(),
    eventSid: sid('VW', story.key),
    request: { method: 'POST', url: 'https://example.com/callback', parameters },
    response: { responseCode: 204, requestDuration: 41 },
  };
}
