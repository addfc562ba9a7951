import { formatDecimal, parseDecimal, shiftDecimal } from '../../domain/decimal.ts';
import type { DomainEvent } from '../../domain/events.ts';
import type { Fact } from '../../domain/facts.ts';
import { factKey } from '../../domain/facts.ts';
import { costEvents, costReport } from './retell-costs.ts';
import { isoTime } from './retell-event.ts';
import type { RetellEvent, RetellMapping } from './retell-event.ts';
import type { Call, CallEvent } from './retell-shapes.ts';

/** Both events report the length of the call; the analysis comes last and has the whole call. */
const RANK = { ended: 10, transferEnded: 15, analyzed: 20 } as const;

export const callStarted: RetellMapping<CallEvent> = ({ call }, event) => [
  { type: 'CallStarted', ...where(event), data: { ...basics(call), ...started(call) }, ...parties(call) },
  ...links(call, event),
];

export const callEnded: RetellMapping<CallEvent> = ({ call }, event) => {
  const data = {
    ...basics(call),
    ...started(call),
    status: call.call_status,
    disconnectionReason: call.disconnection_reason,
    endedAt: call.end_timestamp === undefined ? undefined : isoTime(call.end_timestamp),
    ...duration(call),
    ...costReport(call.call_cost, RANK.ended, event),
  };
  return [
    { type: 'CallEnded', ...where(event), data, ...parties(call), ...usage(call, RANK.ended, event) },
    ...links(call, event),
    ...costEvents('CallCostReported', call.call_cost, RANK.ended, event),
  ];
};

export const callAnalyzed: RetellMapping<CallEvent> = ({ call }, event) => {
  const analysis = call.call_analysis;
  const data = {
    ...basics(call),
    ...started(call),
    successful: analysis?.call_successful,
    sentiment: analysis?.user_sentiment,
    inVoicemail: analysis?.in_voicemail,
    ...duration(call),
    ...costReport(call.call_cost, RANK.analyzed, event),
  };
  const personal = analysis?.call_summary === undefined ? {} : { personal: { summary: analysis.call_summary } };
  return [
    { type: 'CallAnalyzed', ...where(event), data, ...personal, ...usage(call, RANK.analyzed, event) },
    ...links(call, event),
    ...costEvents('CallCostReported', call.call_cost, RANK.analyzed, event),
  ];
};

export const callTransferred =
  (
    type: 'CallTransferStarted' | 'CallTransferBridged' | 'CallTransferCancelled' | 'CallTransferEnded',
  ): RetellMapping<CallEvent> =>
  ({ call, transfer_destination: to }, event) => {
    const destination =
      typeof to === 'string' ? { destination: to } : { destination: to?.number, extension: to?.extension };
    // The leg to the transfer's destination outlives the agent's part; its price is known when it ends.
    const cost = type === 'CallTransferEnded' ? call.call_cost : undefined;
    const transfer: DomainEvent = {
      type,
      ...where(event),
      data: { agentId: call.agent_id, ...started(call), ...costReport(cost, RANK.transferEnded, event) },
      ...(to === undefined ? {} : { personal: destination }),
    };
    return [transfer, ...costEvents('CallCostReported', cost, RANK.transferEnded, event)];
  };

/** How far the talk has come; the texts stay in the raw webhook. */
export const transcriptUpdated: RetellMapping<CallEvent> = (body, event) => {
  const spoken = body.transcript_with_tool_calls?.filter(({ role }) => role === 'agent' || role === 'user');
  const turns = (body.call.transcript_object ?? spoken)?.length;
  return [{ type: 'CallTranscriptUpdated', ...where(event), data: { agentId: body.call.agent_id, turns } }];
};

function where({ stream, occurredAt }: RetellEvent) {
  return { stream, occurredAt };
}

function basics(call: Call) {
  return {
    agentId: call.agent_id,
    channel: call.call_type,
    direction: call.direction,
    telephonyCallId: call.telephony_identifier?.twilio_call_sid,
  };
}

/** Retell tells the id of the telephone leg, not the account that it is of. */
function links(call: Call, event: RetellEvent): readonly DomainEvent<'CallLinked'>[] {
  const callId = call.telephony_identifier?.twilio_call_sid;
  if (callId === undefined || callId === '') return [];
  return [{ type: 'CallLinked', ...where(event), data: { provider: 'twilio', callId } }];
}

function started(call: Call) {
  return { startedAt: call.start_timestamp === undefined ? undefined : isoTime(call.start_timestamp) };
}

function parties(call: Call) {
  const known = call.from_number !== undefined || call.to_number !== undefined;
  return known ? { personal: { from: call.from_number, to: call.to_number } } : {};
}

function duration(call: Call) {
  const exact = exactDurationMs(call);
  return { durationMs: exact === undefined ? undefined : Number(exact) };
}

function usage(call: Call, rank: number, { stream, providerTime }: RetellEvent): { fact?: Fact } {
  const durationMs = exactDurationMs(call);
  if (durationMs === undefined) return {};
  const quantity = formatDecimal(shiftDecimal(parseDecimal(durationMs), -3));
  const key = factKey(stream, 'call_seconds');
  return { fact: { key, kind: 'usage', rank, providerTime, meter: 'call_seconds', unit: 'second', quantity } };
}

/** Undefined when nothing tells it. A call that was never connected lasted no time. */
function exactDurationMs(call: Call): string | undefined {
  if (call.duration_ms !== undefined) return call.duration_ms;
  const { start_timestamp: start, end_timestamp: end } = call;
  if (start !== undefined && end !== undefined && end >= start) return String(end - start);
  return call.call_status === 'not_connected' ? '0' : undefined;
}
