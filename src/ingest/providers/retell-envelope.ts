import { z } from 'zod';
import { milliseconds } from './retell-shapes.ts';

/** As much of any event as can be read; what is odd in it is as good as missing. Times in milliseconds since 1970. */
export type RetellEnvelope = Readonly<{
  type: string | undefined;
  /** What the event is about; nothing for a question before the call: its call may never come to be. */
  thing: Readonly<{ kind: 'call' | 'chat'; id: string }> | undefined;
  agentId: string | undefined;
  organisation: string | undefined;
  startMs: number | undefined;
  endMs: number | undefined;
  eventMs: number | undefined;
  transferDestination: unknown;
  /** Asked before a call or chat; its id where Retell tells it already. */
  inbound: Readonly<{ kind: 'call_inbound' | 'chat_inbound'; id: string | undefined; toNumber: string | undefined }>;
}>;

const id = z.string().min(1).optional().catch(undefined);
const time = milliseconds.optional().catch(undefined);
const times = { start_timestamp: time, end_timestamp: time };

const shape = z.object({
  event: id,
  event_timestamp: time,
  call: z
    .object({
      call_id: id,
      agent_id: id,
      ...times,
      /** Retell puts the organisation among the SIP headers of its telephone calls. */
      custom_sip_headers: z.object({ 'X-RetellAI-OrgId': id }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  // Optional, not only caught: making the error for each part that an event does not have took a third of this.
  chat: z
    .object({ chat_id: id, agent_id: id, ...times })
    .optional()
    .catch(undefined),
  call_inbound: z.object({ agent_id: id, to_number: id, call_id: id }).optional().catch(undefined),
  chat_inbound: z.object({ agent_id: id, to_number: id, chat_id: id }).optional().catch(undefined),
  transfer_destination: z.unknown().optional(),
});

export function readEnvelope(body: Record<string, unknown>): RetellEnvelope {
  const { event, call, chat, call_inbound: callInbound, chat_inbound: chatInbound, ...rest } = shape.parse(body);
  const about = chat?.chat_id === undefined ? call : chat;
  return {
    type: event,
    thing: readThing(call?.call_id, chat?.chat_id),
    agentId: about?.agent_id ?? callInbound?.agent_id ?? chatInbound?.agent_id,
    organisation: call?.custom_sip_headers?.['X-RetellAI-OrgId'],
    startMs: about?.start_timestamp,
    endMs: about?.end_timestamp,
    eventMs: rest.event_timestamp,
    transferDestination: rest.transfer_destination,
    inbound:
      event === 'chat_inbound'
        ? { kind: event, id: chatInbound?.chat_id, toNumber: chatInbound?.to_number }
        : { kind: 'call_inbound', id: callInbound?.call_id, toNumber: callInbound?.to_number },
  };
}

function readThing(callId: string | undefined, chatId: string | undefined): RetellEnvelope['thing'] {
  if (chatId !== undefined) return { kind: 'chat', id: chatId };
  return callId === undefined ? undefined : { kind: 'call', id: callId };
}
