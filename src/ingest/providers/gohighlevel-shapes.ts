import { z } from 'zod';
import { formatDecimal, parseDecimal } from '../../domain/decimal.ts';
import { maybe } from './maybe.ts';

/** The parts of GoHighLevel's things that we read. Its documentation promises of hardly any field that it is there. */

/** A number as its exact text. GoHighLevel prints money in major units: 19.5 is nineteen and a half. */
const decimal = z
  .union([z.number(), z.string()])
  .transform(String)
  .pipe(z.string().regex(/^-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?$/, 'not a decimal number'))
  .transform((text) => formatDecimal(parseDecimal(text)));

/** Seconds, up to thirty years: more is no call. */
const seconds = decimal.refine((value) => Number(value) >= 0 && Number(value) <= 1e9, 'no duration of a call');

const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** ISO 8601, a day alone or a time without a zone being of UTC; or milliseconds since 1970. */
export const time = z.union([z.number().min(0), z.string().regex(ISO)]).transform((value, context) => {
  const isZoneless = typeof value === 'string' && value.length > 10 && ISO.exec(value)?.[1] === undefined;
  const date = new Date(isZoneless ? `${value}Z` : value);
  // PostgreSQL knows no year 0, and years of five digits are written otherwise.
  if (!Number.isNaN(date.getTime()) && date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999) {
    return date.toISOString();
  }
  context.addIssue('not a time');
  return z.NEVER;
});

const id = z.string().min(1);
const text = maybe(z.string());
const when = maybe(time);
const addresses = maybe(z.union([z.string(), z.array(z.string()).transform((list) => list.join(', '))]));

export const message = z
  .object({
    messageId: maybe(id),
    emailMessageId: maybe(id),
    conversationId: maybe(id),
    messageType: text,
    messageTypeString: text,
    direction: text,
    status: text,
    callStatus: text,
    callDuration: maybe(seconds),
    dateAdded: when,
    attachments: maybe(z.array(z.unknown())),
    from: addresses,
    to: addresses,
    body: text,
  })
  .transform((value, context) => {
    const messageId = messageIdOf(value);
    if (messageId !== undefined) return { ...value, messageId };
    context.addIssue('names neither a message nor its conversation and time');
    return z.NEVER;
  });
export type Message = z.infer<typeof message>;

export const voiceAiCall = z
  .object({
    id: maybe(id),
    messageId: maybe(id),
    agentId: text,
    createdAt: when,
    duration: maybe(seconds),
    trialCall: maybe(z.boolean()),
    fromNumber: text,
  })
  .transform((value, context) => {
    // The message is the call in its conversation, of which an Inbound- or OutboundMessage tells, too.
    const callId = value.messageId ?? value.id;
    if (callId !== undefined) return { ...value, callId };
    context.addIssue('names no call');
    return z.NEVER;
  });
export type VoiceAiCall = z.infer<typeof voiceAiCall>;

export const invoice = z
  .object({
    _id: id,
    status: text,
    invoiceNumber: maybe(z.union([z.string(), z.number()]).transform(String)),
    contactDetails: maybe(z.object({ id: text })),
    currency: z
      .string()
      .regex(/^[A-Za-z]{3}$/)
      .transform((code) => code.toUpperCase()),
    total: decimal,
    amountPaid: maybe(decimal),
    totalSummary: maybe(z.object({ subTotal: maybe(decimal), discount: maybe(decimal), tax: maybe(decimal) })),
    issueDate: when,
    sentAt: when,
    dueDate: when,
    updatedAt: when,
  })
  .transform(({ _id: id, ...rest }) => ({ id, ...rest }));
export type Invoice = z.infer<typeof invoice>;

/** Not every message has an id; in one conversation no two begin in the same millisecond. */
function messageIdOf(value: {
  messageId?: string | undefined;
  emailMessageId?: string | undefined;
  conversationId?: string | undefined;
  dateAdded?: string | undefined;
}): string | undefined {
  const { messageId, emailMessageId, conversationId, dateAdded } = value;
  const moment = conversationId === undefined || dateAdded === undefined ? undefined : `${conversationId}@${dateAdded}`;
  return messageId ?? emailMessageId ?? moment;
}
