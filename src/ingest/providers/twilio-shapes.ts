import type { Mapping } from './mapping.ts';
import { callEnded, callStarted, dialEnded } from './twilio-calls.ts';
import type { TwilioEvent } from './twilio-event.ts';
import type { TwilioFields } from './twilio-fields.ts';
import { messageId, messageReceived, messageStatus } from './twilio-messages.ts';
import { recordingCompleted } from './twilio-recordings.ts';

/** What a request of Twilio is. It names no type, so this goes by which parameters there are. */
export type TwilioShape = Readonly<{
  /** Our name of it. */
  type: string;
  about: Readonly<{ kind: 'call' | 'message' | 'provider-object'; id: string }>;
  /** Left out: it is kept, and no projection needs it. */
  map?: Mapping<TwilioEvent>;
  /** What tells it from every other one of its type; left out where nothing in it does. */
  key?: readonly (string | undefined)[];
  /** Twilio waits for instructions, and goes on with those that it is answered. */
  asks?: 'voice' | 'message';
}>;

const CALL_GOES_ON = new Set(['queued', 'initiated', 'ringing', 'in-progress']);
const CALL_ENDED = new Set(['completed', 'busy', 'no-answer', 'failed', 'canceled']);
const MESSAGE_STATUS = new Set(
  'accepted scheduled queued sending sent delivered undelivered partially_delivered failed read canceled'.split(' '),
);

/**
 * Undefined when no shape fits. The order matters: what is told of a recording names its call, too, and a message in a
 * conversation is no message to one of our numbers.
 */
export function shapeOf(fields: TwilioFields): TwilioShape | undefined {
  return (
    notification(fields) ??
    (fields['CallSid'] === undefined ? messageShape(fields) : callShape(fields, fields['CallSid']))
  );
}

function notification(fields: TwilioFields): TwilioShape | undefined {
  const object = (id: string) => ({ kind: 'provider-object', id }) as const;
  const call = (id: string) =>
    fields['CallSid'] === undefined ? object(id) : ({ kind: 'call', id: fields['CallSid'] } as const);
  const {
    Level: level,
    Payload: payload,
    Sid: sid,
    ConversationSid: conversation,
    EventType: eventType,
    UsageTriggerSid: trigger,
    TranscriptionSid: transcription,
    TranscriptionEvent: transcriptionEvent,
    TranscriptionStatus: transcriptionStatus,
    RecordingSid: recording,
    RecordingStatus: recordingStatus,
    ConferenceSid: conference,
    StatusCallbackEvent: conferenceEvent,
    StreamSid: stream,
    StreamEvent: streamEvent,
  } = fields;
  if (sid !== undefined && level !== undefined && payload !== undefined) {
    return { type: `debugger.${level.toLowerCase()}`, about: object(sid), key: [sid] };
  }
  if (conversation !== undefined && eventType !== undefined) {
    return { type: `conversation.${eventType}`, about: object(conversation) };
  }
  if (trigger !== undefined) return { type: 'usage-trigger', about: object(trigger) };
  if (transcription !== undefined && (transcriptionEvent ?? transcriptionStatus) !== undefined) {
    const event = transcriptionEvent?.replace(/^transcription-/, '') ?? transcriptionStatus ?? '';
    const key = [transcription, fields['SequenceId']];
    return { type: `transcription.${event}`, about: call(transcription), key };
  }
  if (recording !== undefined && recordingStatus !== undefined) {
    const shape = { type: `recording.${recordingStatus}`, about: call(recording), key: [recording] };
    return recordingStatus === 'completed' ? { ...shape, map: recordingCompleted } : shape;
  }
  if (conference !== undefined && conferenceEvent !== undefined) {
    const { SequenceNumber: number, Timestamp: time, CallSid: participant } = fields;
    const key = [conference, number ?? time, participant];
    return { type: `conference.${conferenceEvent}`, about: object(conference), key };
  }
  if (stream !== undefined && streamEvent !== undefined) {
    const key = [stream, fields['Timestamp']];
    return { type: `stream.${streamEvent.replace(/^stream-/, '')}`, about: call(stream), key };
  }
  return undefined;
}

function callShape(fields: TwilioFields, id: string): TwilioShape | undefined {
  const { CallStatus: status, SequenceNumber: number, RecordingSid: recording, AnsweredBy: answeredBy } = fields;
  const about = { kind: 'call', id } as const;
  const action = (type: string): TwilioShape => ({ type, about, asks: 'voice' });

  // An action may come with any status of the call, also after the caller has hung up.
  if (fields['DialCallStatus'] !== undefined) {
    const { DialCallSid: leg, DialCallStatus: legStatus } = fields;
    const shape = action('call.dial-action');
    // Without an id nobody was dialled.
    return leg === undefined ? shape : { ...shape, map: dialEnded, key: [id, leg, legStatus] };
  }
  if (fields['UnstableSpeechResult'] !== undefined || fields['StableSpeechResult'] !== undefined) {
    return { type: 'call.gather-partial', about };
  }
  if (recording !== undefined) return { ...action('call.record-action'), map: recordingCompleted, key: [recording] };
  if (fields['RecordingUrl'] !== undefined) return action('call.record-action');
  if (fields['QueueResult'] !== undefined) return action('call.enqueue-action');
  if (fields['SpeechResult'] !== undefined || fields['Digits'] !== undefined) return action('call.gather-action');
  if (status === undefined) {
    return answeredBy === undefined ? undefined : { type: 'call.amd', about, key: [id, answeredBy] };
  }
  const shape = { type: `call.${status}`, about, key: [id, number] };
  if (CALL_ENDED.has(status)) return { ...shape, map: callEnded };
  if (!CALL_GOES_ON.has(status)) return undefined;
  // What is not a callback asks what to do with the call: one that comes in, or one that goes on.
  if (fields['CallbackSource'] === undefined && number === undefined) {
    return { ...action('call.request'), map: callStarted };
  }
  return { ...shape, map: callStarted };
}

function messageShape(fields: TwilioFields): TwilioShape | undefined {
  const id = messageId(fields);
  if (id === '') return undefined;
  const about = { kind: 'message', id } as const;
  const status = fields['MessageStatus'] ?? fields['SmsStatus'] ?? '';
  if (status === 'received') {
    return { type: 'message.received', about, map: messageReceived, key: [id], asks: 'message' };
  }
  return MESSAGE_STATUS.has(status) ? { type: `message.${status}`, about, map: messageStatus, key: [id] } : undefined;
}
