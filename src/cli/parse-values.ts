import { z } from 'zod';
import { UsageError } from './usage-error.ts';

const MAX_LIMIT = 1_000;

/** The value of `--limit`. @throws UsageError when it is no whole number from 1 to 1000. */
export function parseLimit(text: string | undefined, otherwise: number): number {
  return parseCount(text ?? String(otherwise), '--limit', MAX_LIMIT);
}

/** @throws UsageError when the text is no whole number from 1 to `max`. */
export function parseCount(text: string, option: string, max: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > max) {
    throw new UsageError(`${option} is a whole number from 1 to ${max}, not "${text}".`);
  }
  return count;
}

/** @throws UsageError when the text is no JSON object. */
export function parseJsonObject(text: string, option: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw new UsageError(`${option} is one JSON object, such as '{"appId": "…"}'.`, { cause: error });
  }
}

/** A local date. @throws UsageError when the text is none. */
export function parseDay(text: string, option: string): string {
  const { success } = z.iso.date().safeParse(text);
  if (!success) throw new UsageError(`${option} is a date such as 2026-10-31, not "${text}".`);
  return text;
}

/** A position of the log, as text. @throws UsageError when it is none. */
export function parsePosition(text: string, option: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new UsageError(`${option} is a position such as 1234, not "${text}".`);
  return text;
}

/** @throws UsageError when the text is no id of ours. */
export function parseUuid(text: string, option: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new UsageError(`${option} is an id such as 019a7c52-0d5e-7c11-9d2f-2b8e3f6a1c04, not "${text}".`);
  }
  return text;
}
