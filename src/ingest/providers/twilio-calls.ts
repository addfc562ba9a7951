import { z } from 'zod';
import type { DomainEvent, EventData } from '../../domain/events.ts';
import type { Fact } from '../../domain/facts.ts';
import { factKey } from '../../domain/facts.ts';
import type { Stream } from '../../domain/stream.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import type { TwilioEvent } from './twilio-event.ts';
import { isInboundCall, partiesOf, secondsBefore, twilioStream } from './twilio-event.ts';

/**
 * A `<Dial>` tells how long its leg lasted before the leg's own callback does, which knows better. A call that was
 * never connected may be reported as such and as completed, too; then it was.
 */
const RANK = { dial: 10, notConnected: 15, completed: 20 } as const;

const text = z.string().optional();
/** Whole seconds, up to thirty years. */
export const seconds = z.string().regex(/^\d{1,9}$/, 'not a number of seconds');

const call = z.object({
  CallSid: z.string(),
  CallStatus: text,
  CallDuration: seconds.optional(),
  CallbackSource: text,
  ParentCallSid: text,
  Direction: text,
  From: text,
  To: text,
});
type Call = z.infer<typeof call>;

const dial = call.extend({
  DialCallSid: z.string(),
  DialCallStatus: z.string(),
  DialCallDuration: seconds.optional(),
});

export const callStarted: Mapping<TwilioEvent> = mapping(call, (fields, { source, at }) => {
  const { CallSid: callId, CallStatus: status, CallbackSource: callback } = fields;
  // A request for TwiML may come at any time of a call that is in progress; only the callback tells when it was answered.
  const startedAt = status === 'in-progress' && callback !== undefined ? at : undefined;
  const data = { ...basics(fields), startedAt };
  const stream = twilioStream(source, 'call', callId);
  return [{ type: 'CallStarted', stream, occurredAt: at, data, ...partiesOf(fields) }];
});

export const callEnded: Mapping<TwilioEvent> = mapping(call, (fields, event) => {
  const { CallSid: callId, CallStatus: status = '', CallDuration: duration } = fields;
  const rank = status === 'completed' ? RANK.completed : RANK.notConnected;
  const stream = twilioStream(event.source, 'call', callId);
  return [{ ...ended(event, stream, { status, duration, rank }, basics(fields)), ...partiesOf(fields) }];
});

/** The action of a `<Dial>` tells of two legs: the call goes on, and the one that it dialled has ended. */
export const dialEnded: Mapping<TwilioEvent> = mapping(dial, (fields, event) => {
  const { DialCallSid: callId, DialCallStatus: told, DialCallDuration: duration } = fields;
  const stream = twilioStream(event.source, 'call', callId);
  // `answered`: a leg that a conference took over. It is told apart from `completed` nowhere else.
  const status = told === 'answered' ? 'completed' : told;
  const data = { channel: 'phone_call', direction: 'outbound', parentCallId: fields.CallSid };
  return [ended(event, stream, { status, duration, rank: RANK.dial }, data)];
});

function ended(
  { at }: TwilioEvent,
  stream: Stream,
  { status, duration, rank }: Readonly<{ status: string; duration: string | undefined; rank: number }>,
  about: EventData<'CallEnded'>,
): DomainEvent<'CallEnded'> {
  // A call that was never connected lasted no time; how long a completed one lasted only Twilio can tell.
  const quantity = duration ?? (status === 'completed' ? undefined : '0');
  const startedAt = quantity === undefined ? at : secondsBefore(at, Number(quantity));
  const wasConnected = Number(quantity ?? '0') > 0;
  return {
    type: 'CallEnded',
    stream,
    occurredAt: startedAt,
    data: {
      ...about,
      status,
      startedAt: wasConnected ? startedAt : undefined,
      endedAt: at,
      durationMs: quantity === undefined ? undefined : Number(quantity) * 1000,
    },
    ...(quantity === undefined ? {} : { fact: usage(stream, rank, at, String(Number(quantity))) }),
  };
}

function usage(stream: Stream, rank: number, providerTime: string, quantity: string): Fact {
  const key = factKey(stream, 'call_seconds');
  return { key, kind: 'usage', rank, providerTime, meter: 'call_seconds', unit: 'second', quantity };
}

function basics(fields: Call) {
  const { Direction: direction, ParentCallSid: parentCallId, From: from = '', To: to = '' } = fields;
  const scheme = /^(client|sip):/.exec(from)?.[1] ?? /^(client|sip):/.exec(to)?.[1];
  return {
    channel: scheme === undefined ? 'phone_call' : `${scheme}_call`,
    direction: direction === undefined ? undefined : isInboundCall(direction) ? 'inbound' : 'outbound',
    parentCallId,
  };
}
