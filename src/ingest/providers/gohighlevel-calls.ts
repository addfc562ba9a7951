import type { DomainEvent } from '../../domain/events.ts';
import type { Fact } from '../../domain/facts.ts';
import { factKey } from '../../domain/facts.ts';
import type { Stream } from '../../domain/stream.ts';
import type { GohighlevelEvent, GohighlevelMapping } from './gohighlevel-event.ts';
import { gohighlevelStream } from './gohighlevel-event.ts';
import type { Message, VoiceAiCall } from './gohighlevel-shapes.ts';

/** Both report the length of one call; the agent's report comes when all of it is over. */
const RANK = { message: 10, voiceAi: 20 } as const;

const NOT_OVER: ReadonlySet<string | undefined> = new Set([
  'queued',
  'initiated',
  'ringing',
  'answered',
  'in-progress',
  'in_progress',
]);

/** A call as an entry of its conversation. A voicemail tells no length, and none is counted. */
export function telephoneCall(message: Message, event: GohighlevelEvent): readonly DomainEvent[] {
  const status = (message.callStatus ?? message.status)?.toLowerCase();
  const stream = gohighlevelStream(event.source, 'call', message.messageId);
  const at = message.dateAdded ?? event.sentAt ?? event.receivedAt;
  const basics = { channel: 'phone_call', direction: message.direction?.toLowerCase() };
  const where = { stream, occurredAt: at };
  const parties = partiesOf(message.from, message.to);
  if (NOT_OVER.has(status)) return [{ type: 'CallStarted', ...where, data: basics, ...parties }];
  return [
    {
      type: 'CallEnded',
      ...where,
      data: { ...basics, status, ...length(message.callDuration) },
      ...parties,
      ...usage(stream, message.callDuration, RANK.message, event.sentAt ?? at),
    },
  ];
}

/** A trial in the agent's editor is no call of a customer: it is recorded and not counted. */
export const voiceAiCallEnded: GohighlevelMapping<VoiceAiCall> = (call, event) => {
  const stream = gohighlevelStream(event.source, 'call', call.callId);
  const at = call.createdAt ?? event.sentAt ?? event.receivedAt;
  const isTrial = call.trialCall === true;
  return [
    {
      type: 'CallEnded',
      stream,
      occurredAt: at,
      data: { agentId: call.agentId, channel: isTrial ? 'voice_ai_trial' : 'voice_ai', ...length(call.duration) },
      ...partiesOf(call.fromNumber, undefined),
      ...(isTrial ? {} : usage(stream, call.duration, RANK.voiceAi, event.sentAt ?? at)),
    },
  ];
};

function partiesOf(from: string | undefined, to: string | undefined) {
  return from === undefined && to === undefined ? {} : { personal: { from, to } };
}

function length(seconds: string | undefined) {
  return { durationMs: seconds === undefined ? undefined : Math.round(Number(seconds) * 1000) };
}

function usage(stream: Stream, quantity: string | undefined, rank: number, providerTime: string): { fact?: Fact } {
  if (quantity === undefined) return {};
  const key = factKey(stream, 'call_seconds');
  return { fact: { key, kind: 'usage', rank, providerTime, meter: 'call_seconds', unit: 'second', quantity } };
}
