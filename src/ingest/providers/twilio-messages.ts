import { z } from 'zod';
import type { Fact } from '../../domain/facts.ts';
import { factKey } from '../../domain/facts.ts';
import type { Stream } from '../../domain/stream.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import type { TwilioEvent } from './twilio-event.ts';
import { partiesOf, twilioStream } from './twilio-event.ts';

/** What has left costs, whether it arrives or not; what is queued may still fail, and what failed was never sent. */
const RANK: Readonly<Record<string, number>> = {
  received: 10,
  sent: 10,
  undelivered: 20,
  partially_delivered: 25,
  delivered: 30,
  read: 40,
};
/** Few reports tell the number of segments. One that does knows better than any that does not. */
const KNOWS_SEGMENTS = 100;

const text = z.string().optional();
const count = z
  .string()
  .regex(/^\d{1,6}$/, 'not a count')
  .transform(Number)
  .optional();

const message = z.object({
  MessageSid: text,
  SmsSid: text,
  SmsMessageSid: text,
  MessageStatus: text,
  SmsStatus: text,
  ChannelPrefix: text,
  From: text,
  To: text,
  Body: text,
  NumSegments: count,
  NumMedia: count,
});
type Message = z.infer<typeof message>;

export const messageReceived: Mapping<TwilioEvent> = mapping(message, (fields, event) => {
  const stream = twilioStream(event.source, 'message', messageId(fields));
  const { personal } = partiesOf(fields);
  return [
    {
      type: 'MessageReceived',
      stream,
      occurredAt: event.at,
      data: { ...basics(fields, 'inbound'), status: 'received' },
      personal: { ...personal, text: fields.Body },
      fact: segments(stream, 'received', fields, event),
    },
  ];
});

export const messageStatus: Mapping<TwilioEvent> = mapping(message, (fields, event) => {
  const stream = twilioStream(event.source, 'message', messageId(fields));
  const status = fields.MessageStatus ?? fields.SmsStatus ?? '';
  const counts = Object.hasOwn(RANK, status);
  return [
    {
      type: status === 'sent' ? 'MessageSent' : 'MessageStatusChanged',
      stream,
      occurredAt: event.at,
      data: { ...basics(fields, 'outbound'), status },
      ...partiesOf(fields),
      ...(counts ? { fact: segments(stream, status, fields, event) } : {}),
    },
  ];
});

type Ids = Readonly<Partial<Record<'MessageSid' | 'SmsSid' | 'SmsMessageSid', string | undefined>>>;

/** The oldest names of the id are still sent beside the newest. */
export function messageId(fields: Ids): string {
  return fields.MessageSid ?? fields.SmsSid ?? fields.SmsMessageSid ?? '';
}

function segments(stream: Stream, status: string, { NumSegments: told }: Message, { at }: TwilioEvent): Fact {
  return {
    key: factKey(stream, 'message_segments'),
    kind: 'usage',
    rank: (RANK[status] ?? 0) + (told === undefined ? 0 : KNOWS_SEGMENTS),
    providerTime: at,
    meter: 'message_segments',
    unit: 'segment',
    quantity: String(told ?? 1),
  };
}

function basics(fields: Message, direction: 'inbound' | 'outbound') {
  return { channel: channelOf(fields), direction, segments: fields.NumSegments, mediaCount: fields.NumMedia };
}

function channelOf(fields: Message): string {
  const prefix = fields.ChannelPrefix ?? /^([a-z]+):/.exec(fields.From ?? fields.To ?? '')?.[1];
  if (prefix !== undefined) return prefix;
  return (fields.NumMedia ?? 0) > 0 || messageId(fields).startsWith('MM') ? 'mms' : 'sms';
}
