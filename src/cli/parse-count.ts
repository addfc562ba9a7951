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
