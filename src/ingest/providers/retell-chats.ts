import type { Fact } from '../../domain/facts.ts';
import { factKey } from '../../domain/facts.ts';
import { costEvents, costReport } from './retell-costs.ts';
import { isoTime } from './retell-event.ts';
import type { RetellEvent, RetellMapping } from './retell-event.ts';
import type { ChatEvent } from './retell-shapes.ts';

/** A chat that is closed by itself may never be analysed, so both events report it. */
const RANK = { ended: 10, analyzed: 20 } as const;

export const chatStarted: RetellMapping<ChatEvent> = ({ chat }, event) => [
  { type: 'ChatStarted', ...where(event), data: basics(chat) },
];

export const chatEnded: RetellMapping<ChatEvent> = ({ chat }, event) => {
  const endedAt = chat.end_timestamp === undefined ? undefined : isoTime(chat.end_timestamp);
  const report = costReport(chat.chat_cost, RANK.ended, event);
  const data = { ...basics(chat), status: chat.chat_status, endedAt, ...report };
  return [
    { type: 'ChatEnded', ...where(event), data, fact: usage(RANK.ended, event) },
    ...costEvents('ChatCostReported', chat.chat_cost, RANK.ended, event),
  ];
};

export const chatAnalyzed: RetellMapping<ChatEvent> = ({ chat }, event) => {
  const analysis = chat.chat_analysis;
  const data = {
    ...basics(chat),
    successful: analysis?.chat_successful,
    sentiment: analysis?.user_sentiment,
    ...costReport(chat.chat_cost, RANK.analyzed, event),
  };
  const personal = analysis?.chat_summary === undefined ? {} : { personal: { summary: analysis.chat_summary } };
  return [
    { type: 'ChatAnalyzed', ...where(event), data, ...personal, fact: usage(RANK.analyzed, event) },
    ...costEvents('ChatCostReported', chat.chat_cost, RANK.analyzed, event),
  ];
};

function where({ stream, occurredAt }: RetellEvent) {
  return { stream, occurredAt };
}

function basics(chat: ChatEvent['chat']) {
  const startedAt = chat.start_timestamp === undefined ? undefined : isoTime(chat.start_timestamp);
  return { agentId: chat.agent_id, channel: chat.chat_type, startedAt };
}

function usage(rank: number, { stream, providerTime }: RetellEvent): Fact {
  const key = factKey(stream, 'chats');
  return { key, kind: 'usage', rank, providerTime, meter: 'chats', unit: 'chat', quantity: '1' };
}
