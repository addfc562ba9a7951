import type { Tx } from '../platform/postgres.ts';
import { ParameterError } from './parameter-error.ts';

export const WINDOWS = ['hour', 'day', 'week', 'month', 'quarter', 'none'] as const;
export type Window = (typeof WINDOWS)[number];

/** A bound is an instant, or a local date: its first moment in the zone. */
export type Bound = Readonly<{ instant: Date } | { date: string }>;

export type RangeRequest = Readonly<{ from?: Bound | undefined; to?: Bound | undefined; tz: string; now: Date }>;

/** Half open: from ≤ t < to. */
export type Range = Readonly<{ from: Date; to: Date }>;

const MAX_WINDOWS = 10_000;
const SHORTEST_MS: Readonly<Record<Window, number>> = {
  hour: 3_600_000,
  day: 82_800_000,
  week: 7 * 82_800_000,
  month: 28 * 82_800_000,
  quarter: 90 * 82_800_000,
  none: Infinity,
};

/**
 * The instants of a range. Without bounds it is the calendar month of `now` in the zone; a bound that is left out is one
 * of a month, too, such that `now` lies in the range where it can. PostgreSQL's zone rules decide, as they do for the
 * windows, so that both always agree.
 * @throws ParameterError when `to` is not after `from`, or a date is none.
 */
export async function resolveRange(tx: Tx, request: RangeRequest): Promise<Range> {
  const { from, to, tz } = request;
  const [lower, upper] = [certainInstant(from, tz), certainInstant(to, tz)];
  const range = lower !== undefined && upper !== undefined ? { from: lower, to: upper } : await readRange(tx, request);
  if (range === undefined || range.from >= range.to) {
    throw new ParameterError('to', `must be after from (${range?.from.toISOString() ?? 'unknown'}).`);
  }
  return range;
}

/** What a bound means where no rule of a zone has a say. */
function certainInstant(bound: Bound | undefined, tz: string): Date | undefined {
  if (bound === undefined) return undefined;
  if ('instant' in bound) return bound.instant;
  return tz === 'UTC' ? new Date(`${bound.date}T00:00:00Z`) : undefined;
}

async function readRange(tx: Tx, { from, to, tz, now }: RangeRequest): Promise<Range | undefined> {
  const { rows } = await tx.query<Range>(
    `with given as (
       select coalesce($1::timestamptz, ${firstInstant('$2::date::timestamp', '$5::text')}) as lower,
         coalesce($3::timestamptz, ${firstInstant('$4::date::timestamp', '$5::text')}) as upper
     ),
     month as (
       select date_trunc('month', least($6::timestamptz, upper - interval '1 millisecond') at time zone $5::text) as first,
         date_trunc('month', greatest($6::timestamptz, lower) at time zone $5::text) + interval '1 month' as next
       from given
     )
     select coalesce(lower, ${firstInstant('first', '$5::text')}) as "from",
       coalesce(upper, ${firstInstant('next', '$5::text')}) as "to"
     from given, month`,
    [instantOf(from), dateOf(from), instantOf(to), dateOf(to), tz, now],
  );
  return rows[0];
}

/**
 * Starts of the windows of a range, ascending, the first at `from`. Window i reaches to the start of the next, the last
 * to `to`: so they cover the range without gap or overlap, whatever the zone's clock does, and days have 23, 24 or 25
 * hours. The first and the last window are cut off at the range.
 * @throws ParameterError when there would be more than 10,000.
 */
export async function listWindowStarts(
  tx: Tx,
  { from, to }: Range,
  tz: string,
  window: Window,
): Promise<readonly Date[]> {
  if (window === 'none') return [from];
  if ((to.getTime() - from.getTime()) / SHORTEST_MS[window] > MAX_WINDOWS) {
    throw new ParameterError(
      'window',
      `${window} makes more than ${MAX_WINDOWS} rows of this range; take a wider window.`,
    );
  }
  const { rows } = await tx.query<{ start: Date }>(
    `select distinct start from (
       select $1::timestamptz as start
       union all
       -- By instants, so that an hour that the clock shows twice is two hours.
       select date_trunc('hour', i, $3::text)
       from generate_series(date_trunc('hour', $1::timestamptz), $2::timestamptz, interval '15 minutes') i
       where $4::text = 'hour'
       union all
       select ${firstInstant('local', '$3::text')}
       from (values ('day', interval '1 day'), ('week', '1 week'), ('month', '1 month'), ('quarter', '3 months')) w (name, step)
       cross join lateral generate_series(
         date_trunc(w.name, $1::timestamptz at time zone $3::text), $2::timestamptz at time zone $3::text, w.step) local
       where w.name = $4::text
     ) s
     where start >= $1::timestamptz and start < $2::timestamptz
     order by start`,
    [from, to, tz, window],
  );
  return rows.map(({ start }) => start);
}

/** SQL: the first instant at which the zone's clock shows a time. Of a midnight that comes twice PostgreSQL takes the later. */
export function firstInstant(local: string, tz: string): string {
  const instant = `(${local} at time zone ${tz})`;
  const earlier = `(${instant} - interval '1 hour')`;
  return `case when ${earlier} at time zone ${tz} = ${local} then ${earlier} else ${instant} end`;
}

function instantOf(bound: Bound | undefined): Date | null {
  return bound !== undefined && 'instant' in bound ? bound.instant : null;
}

function dateOf(bound: Bound | undefined): string | null {
  return bound !== undefined && 'date' in bound ? bound.date : null;
}
