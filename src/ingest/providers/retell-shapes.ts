import { z } from 'zod';
import { InvalidDecimalError, parseDecimal } from '../../domain/decimal.ts';
import { maybe } from './maybe.ts';

/** The parts of Retell's calls and chats that we read. Almost everything may be missing or null. */

/** A number of any precision, as its exact text. */
const decimal = z.union([z.number(), z.string()]).transform(String).refine(isDecimal, 'not a decimal number');

/** Milliseconds, up to thirty years: more is no call, and a float might hold it as Infinity. */
const duration = decimal.refine((value) => Number(value) >= 0 && Number(value) <= 1e12, 'no duration of a call');

/** Milliseconds since 1970; the years from 1970 to 9999. */
export const milliseconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,15}(\.\d+)?$/)
      .transform(Number),
  ])
  .pipe(z.number().min(0).max(253_402_300_799_999))
  .transform(Math.trunc);

const id = z.string().min(1);
const text = maybe(z.string());
const flag = maybe(z.boolean());
const time = maybe(milliseconds);

/** In cents of US dollars, with fractions. */
const cost = z.object({
  combined_cost: maybe(decimal),
  product_costs: maybe(z.array(z.object({ product: id, cost: decimal, is_transfer_leg_cost: flag }))),
});
export type Cost = z.infer<typeof cost>;

const call = z.object({
  call_id: id,
  agent_id: text,
  call_type: text,
  direction: text,
  call_status: text,
  disconnection_reason: text,
  from_number: text,
  to_number: text,
  start_timestamp: time,
  end_timestamp: time,
  duration_ms: maybe(duration),
  telephony_identifier: maybe(z.object({ twilio_call_sid: text })),
  call_analysis: maybe(
    z.object({ call_successful: flag, user_sentiment: text, in_voicemail: flag, call_summary: text }),
  ),
  call_cost: maybe(cost),
  transcript_object: maybe(z.array(z.unknown())),
});
export type Call = z.infer<typeof call>;

/** What stands beside the call in an event of it. */
export const callEvent = z.object({
  call,
  transfer_destination: maybe(z.union([z.string(), z.object({ number: text, extension: text })])),
  transcript_with_tool_calls: maybe(z.array(z.object({ role: text }))),
});
export type CallEvent = z.infer<typeof callEvent>;

const chat = z.object({
  chat_id: id,
  agent_id: text,
  chat_type: text,
  chat_status: text,
  start_timestamp: time,
  end_timestamp: time,
  chat_analysis: maybe(z.object({ chat_successful: flag, user_sentiment: text, chat_summary: text })),
  chat_cost: maybe(cost),
});

export const chatEvent = z.object({ chat });
export type ChatEvent = z.infer<typeof chatEvent>;

function isDecimal(value: string): boolean {
  try {
    parseDecimal(value);
    return true;
  } catch (error) {
    if (error instanceof InvalidDecimalError) return false;
    throw error;
  }
}
