import { UsageError } from './usage-error.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** A time: `2026-11-24`, `2026-11-24T09:00:00Z`, or how long ago, such as `90m`, `12h`, `7d`. @throws UsageError. */
export function parseMoment(text: string, option: string, now: Date): Date {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ago = UNIT_MS[unit];
  if (count !== undefined && ago !== undefined) return new Date(now.getTime() - Number(count) * ago);
  const at = new Date(text);
  if (MOMENT.test(text) && !Number.isNaN(at.getTime())) return at;
  throw new UsageError(
    `${option} is a time such as 2026-11-24T09:00:00Z, or how long ago, such as 12h; not "${text}".`,
  );
}
