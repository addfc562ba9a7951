import type { TwilioSample, TwilioStory } from './twilio-story.ts';
import {
  call,
  callback,
  callEvent,
  conference,
  conversation,
  message,
  messageEvent,
  recording,
  sid,
  tell,
} from './twilio-story.ts';

type Parameters = Readonly<Record<string, unknown>>;
type Bodies = Readonly<Record<string, (story: TwilioStory) => Parameters>>;

/** One body for each status, under the name of its type. */
function each(prefix: string, statuses: string, body: (story: TwilioStory, status: string) => Parameters): Bodies {
  return Object.fromEntries(
    statuses.split(' ').map((status) => [`${prefix}${status}`, (story) => body(story, status)]),
  );
}

const UNCONNECTED = { CallDuration: '0', SipResponseCode: '487' };

/** What Twilio sends as a form. What stands behind a `/` only varies the type in front of it. */
const FORMS: Bodies = {
  'call.request': (story) => ({ ...call(story, 'inbound'), CallStatus: 'ringing' }),
  ...each('call.', 'queued initiated ringing in-progress', (story, CallStatus) => ({
    ...call(story, 'outbound-api'),
    ...callback(story, Math.max(0, ['initiated', 'ringing', 'in-progress'].indexOf(CallStatus))),
    CallStatus,
  })),
  'call.completed': (story) => ({
    ...call(story, 'outbound-api'),
    ...callback(story, 3),
    CallStatus: 'completed',
    CallDuration: String(story.durationSeconds),
    Duration: String(Math.ceil(story.durationSeconds / 60)),
  }),
  ...each('call.', 'busy no-answer failed canceled', (story, CallStatus) => ({
    ...call(story, 'outbound-api'),
    ...callback(story, 3),
    ...UNCONNECTED,
    CallStatus,
  })),
  'call.dial-action': (story) => ({
    ...call(story, 'inbound'),
    CallStatus: 'in-progress',
    DialBridged: 'true',
    DialCallDuration: String(story.durationSeconds),
    DialCallSid: sid('CA', story.key, 'leg'),
    DialCallStatus: 'completed',
  }),
  'call.gather-action': (story) => ({
    ...call(story, 'inbound'),
    CallStatus: 'in-progress',
    Digits: '1',
    FinishedOnKey: '',
    msg: 'Gather End',
  }),
  'call.gather-partial': (story) => ({
    ...call(story, 'inbound'),
    CallStatus: 'in-progress',
    SequenceNumber: '0',
    Stability: '0.9',
    StableSpeechResult: '',
    UnstableSpeechResult: 'I would like',
  }),
  'call.record-action': (story) => ({
    ...call(story, 'inbound'),
    ...recording(story),
    CallStatus: 'in-progress',
    Digits: 'hangup',
  }),
  'call.enqueue-action': (story) => ({
    ...call(story, 'inbound'),
    CallStatus: 'in-progress',
    QueueResult: 'bridged',
    QueueSid: sid('QU', story.key),
    QueueTime: '12',
  }),
  'call.amd': ({ accountSid, callSid }) => ({
    AccountSid: accountSid,
    AnsweredBy: 'human',
    CallSid: callSid,
    MachineDetectionDuration: '2400',
  }),
  ...each('recording.', 'in-progress completed absent failed', (story, RecordingStatus) => ({
    ...recording(story),
    AccountSid: story.accountSid,
    CallSid: story.callSid,
    RecordingChannels: '1',
    RecordingSource: 'DialVerb',
    RecordingStatus,
    ...(RecordingStatus === 'completed' ? {} : { RecordingDuration: undefined, RecordingUrl: undefined }),
  })),
  ...each('transcription.', 'completed failed', (story, TranscriptionStatus) => ({
    ...call(story, 'inbound'),
    ...recording(story),
    CallStatus: 'completed',
    TranscriptionSid: sid('TR', story.key),
    TranscriptionStatus,
    TranscriptionText: TranscriptionStatus === 'completed' ? 'I would like to move my appointment.' : '',
  })),
  ...each('transcription.', 'started content stopped error', (story, event) => ({
    AccountSid: story.accountSid,
    CallSid: story.callSid,
    LanguageCode: 'en-US',
    SequenceId: String(['started', 'content', 'stopped', 'error'].indexOf(event) + 1),
    Timestamp: story.at.toISOString(),
    TranscriptionData: event === 'content' ? '{"transcript":"Good morning.","confidence":0.97}' : undefined,
    TranscriptionError: event === 'error' ? 'The engine did not answer.' : undefined,
    TranscriptionEvent: `transcription-${event}`,
    TranscriptionSid: sid('GT', story.key),
  })),
  ...each('conference.', 'conference-start conference-end', conference),
  ...each(
    'conference.',
    'participant-join participant-leave participant-mute participant-unmute participant-hold participant-unhold ' +
      'participant-modify participant-speech-start participant-speech-stop announcement-end announcement-fail',
    (story, event) => ({ ...conference(story, event), CallSid: story.callSid, Hold: 'false', Muted: 'false' }),
  ),
  ...each('stream.', 'started stopped error', (story, event) => ({
    AccountSid: story.accountSid,
    CallSid: story.callSid,
    StreamEvent: `stream-${event}`,
    StreamName: 'front-desk',
    StreamSid: sid('MZ', story.key),
    Timestamp: story.at.toISOString(),
  })),
  'message.received': (story) => message(story, 'in'),
  'message.received/mms': (story) => ({
    ...message({ ...story, messageSid: sid('MM', story.key) }, 'in'),
    MediaContentType0: 'image/jpeg',
    MediaUrl0: `https://api.twilio.com/2010-04-01/Accounts/${story.accountSid}/Media/${sid('ME', story.key)}`,
    NumMedia: '1',
  }),
  'message.received/whatsapp': (story) => ({
    ...message(story, 'in'),
    From: `whatsapp:${story.theirNumber}`,
    ProfileName: 'Ada',
    To: `whatsapp:${story.ourNumber}`,
  }),
  ...each(
    'message.',
    'accepted scheduled queued sending sent delivered undelivered partially_delivered failed read canceled',
    (story, status) => ({
      ...message(story, 'out'),
      MessageStatus: status,
      SmsStatus: status,
      ...(['undelivered', 'failed'].includes(status) ? { ErrorCode: '30003' } : {}),
    }),
  ),
  ...each('debugger.', 'error warning', (story, level) => ({
    AccountSid: story.accountSid,
    Level: level.toUpperCase(),
    Payload: JSON.stringify({ resource_sid: story.callSid, error_code: '11200', more_info: {} }),
    PayloadType: 'application/json',
    Sid: sid('NO', story.key, level),
    Timestamp: story.at.toISOString(),
  })),
  ...each(
    'conversation.',
    'onConversationAdded onConversationUpdated onConversationRemoved onConversationStateUpdated',
    conversation,
  ),
  ...each('conversation.', 'onParticipantAdded onParticipantUpdated onParticipantRemoved', (story, event) => ({
    ...conversation(story, event),
    'MessagingBinding.Address': story.theirNumber,
    ParticipantSid: sid('MB', story.key),
  })),
  ...each('conversation.', 'onMessageAdded onMessageUpdated onMessageRemoved', (story, event) => ({
    ...conversation(story, event),
    Author: story.theirNumber,
    Body: 'Is Thursday free?',
    MessageSid: sid('IM', story.key),
  })),
  'conversation.onDeliveryUpdated': (story) => ({
    ...conversation(story, 'onDeliveryUpdated'),
    DeliveryReceiptSid: sid('DY', story.key),
    MessageSid: sid('IM', story.key),
    Status: 'delivered',
  }),
  'usage-trigger': (story) => ({
    AccountSid: story.accountSid,
    CurrentValue: '100',
    DateFired: story.at.toUTCString().replace('GMT', '+0000'),
    TriggerBy: 'price',
    TriggerValue: '100',
    UsageCategory: 'totalprice',
    UsageTriggerSid: sid('UT', story.key),
  }),
};

const CALLS = 'com.twilio.voice.status-callback.call.';
const KEPT_EVENTS =
  'com.twilio.voice.insights.call-summary.complete com.twilio.voice.twiml.gather.finished ' +
  'com.twilio.error-logs.error.logged';

/** The data of what Event Streams send. */
const EVENTS: Bodies = {
  ...each('com.twilio.messaging.message.', 'queued sent delivered undelivered failed read', messageEvent),
  'com.twilio.messaging.inbound-message.received': (story) => ({
    ...messageEvent(story, 'received'),
    from: story.theirNumber,
    to: story.ourNumber,
    numMedia: 0,
    body: 'Is Thursday free?',
  }),
  ...each(CALLS, 'initiated ringing answered completed', (story, name) => {
    const status = name === 'answered' ? 'in-progress' : name;
    return callEvent(story, FORMS[`call.${status}`]?.(story) ?? {});
  }),
  'com.twilio.voice.status-callback.recording.processed': (story) =>
    callEvent(story, FORMS['recording.completed']?.(story) ?? {}),
  'com.twilio.voice.twiml.dial.finished': (story) => callEvent(story, FORMS['call.dial-action']?.(story) ?? {}),
  ...each('', KEPT_EVENTS, ({ accountSid, callSid }) => ({ account_sid: accountSid, call_sid: callSid })),
};

const BATCH = [
  'com.twilio.messaging.inbound-message.received',
  `${CALLS}completed`,
  'com.twilio.messaging.message.sent',
];

export const twilioSampleTypes: readonly string[] = [...Object.keys(FORMS), ...Object.keys(EVENTS), 'event-streams'];

/** One request of the type: parameters, or a list of events; undefined when there is no sample of it. */
export function twilioSample(type: string, sample: TwilioSample = {}): object | undefined {
  const story = tell(sample);
  if (type === 'event-streams') {
    return BATCH.map((each) => cloudEvent(each, { ...story, messageSid: sid('SM', story.key, each) }));
  }
  if (Object.hasOwn(EVENTS, type)) return [cloudEvent(type, story)];
  if (!Object.hasOwn(FORMS, type)) return undefined;
  const parameters = { ...FORMS[type]?.(story), ...story.fields };
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}

function cloudEvent(type: string, story: TwilioStory) {
  const price = story.price === undefined ? {} : { price: story.price, priceUnit: 'USD' };
  return {
    specversion: '1.0',
    type,
    source: `/${sid('AB', type)}`,
    id: sid('EZ', story.key, type),
    time: story.at.toISOString(),
    datacontenttype: 'application/json',
    data: { ...EVENTS[type]?.(story), ...price, ...story.fields },
  };
}
