import type { Fact } from '../../domain/facts.ts';
import { factKey } from '../../domain/facts.ts';
import type { Stream } from '../../domain/stream.ts';
import { telephoneCall } from './gohighlevel-calls.ts';
import type { GohighlevelEvent, GohighlevelMapping } from './gohighlevel-event.ts';
import { gohighlevelStream } from './gohighlevel-event.ts';
import type { Message } from './gohighlevel-shapes.ts';

/** Entries of a conversation that reach nobody outside. */
const NO_MESSAGES = /^(?:internal_comment|activity_.*|.*_info_message)$/;
const CALLS = /^(?:(?:campaign_|custom_|ivr_|campaign_manual_)?call|(?:campaign_)?voicemail)$/;
const NOT_SENT: ReadonlySet<string | undefined> = new Set(['failed', 'canceled', 'cancelled', 'rejected']);

/** A message that failed takes back what its earlier reports counted. */
const RANK = { sent: 10, failed: 20 } as const;

/** A conversation holds messages and calls alike. None for what is neither. */
export const conversationEntry =
  (type: 'MessageReceived' | 'MessageSent'): GohighlevelMapping<Message> =>
  (message, event) => {
    const channel = channelOf(message);
    if (CALLS.test(channel)) return telephoneCall(message, event);
    if (NO_MESSAGES.test(channel)) return [];
    const stream = gohighlevelStream(event.source, 'message', message.messageId);
    const status = message.status?.toLowerCase();
    const { from, to, body } = message;
    return [
      {
        type,
        stream,
        occurredAt: message.dateAdded ?? event.sentAt ?? event.receivedAt,
        data: {
          channel,
          direction: type === 'MessageReceived' ? 'inbound' : 'outbound',
          status,
          mediaCount: message.attachments?.length,
        },
        ...([from, to, body].every((each) => each === undefined) ? {} : { personal: { from, to, text: body } }),
        fact: countMessage(stream, NOT_SENT.has(status), message, event),
      },
    ];
  };

/** `SMS`, `Live Chat` and `TYPE_LIVE_CHAT` alike in small letters and underscores. */
function channelOf({ messageType, messageTypeString }: Message): string {
  const printed = messageType ?? messageTypeString ?? 'unknown';
  return printed
    .replace(/^TYPE_/, '')
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
}

function countMessage(
  stream: Stream,
  isFailed: boolean,
  { dateAdded }: Message,
  { sentAt, receivedAt }: GohighlevelEvent,
): Fact {
  return {
    key: factKey(stream, 'messages'),
    kind: 'usage',
    rank: isFailed ? RANK.failed : RANK.sent,
    providerTime: sentAt ?? dateAdded ?? receivedAt,
    meter: 'messages',
    unit: 'message',
    quantity: isFailed ? '0' : '1',
  };
}
