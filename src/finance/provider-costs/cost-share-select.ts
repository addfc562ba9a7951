import type { Range } from '../time-range.ts';
import type { CostShare } from './read-cost-shares.ts';

/**
 * SQL: a sub-select of what falls into each window of the shares of fixed costs (at: the window's start), with eleven
 * parameters from `$first` on: `costShareValues(...)`.
 *
 * A cost is spread evenly over its period: what has fallen due by an instant is the share times the time that has passed
 * of the period, cut off at 12 digits behind the point; a window has the difference between its end and its beginning.
 * So windows of a range add up to the range, and those of the whole period to the share, exactly, whatever their lengths:
 * hours, or days of 23 or 25 hours in any zone.
 */
export function costShareSelect(first: number): string {
  const parameter = (index: number, type: string) => `$${first + index}::${type}[]`;
  return `
    select s.tenant_id, s.provider, s.component, s.category, s.currency, s.position, w.since as at,
      (${dueBy('w.ends_at')} - ${dueBy('w.begins_at')}) * 1e-12 as cost
    from (
      select position, tenant_id collate "C" as tenant_id, provider collate "C" as provider,
        component collate "C" as component, category collate "C" as category, currency collate "C" as currency,
        amount * 1e12 as units, ${micros('period_from')} as begins_at, ${micros('period_to')} as ends_at
      from unnest(${parameter(0, 'bigint')}, ${parameter(1, 'text')}, ${parameter(2, 'text')}, ${parameter(3, 'text')},
          ${parameter(4, 'text')}, ${parameter(5, 'text')}, ${parameter(6, 'numeric')}, ${parameter(7, 'timestamptz')},
          ${parameter(8, 'timestamptz')})
        s (position, tenant_id, provider, component, category, currency, amount, period_from, period_to)
      offset 0
    ) s
    join (
      select since, ${micros('since')} as begins_at, ${micros('until')} as ends_at
      from unnest(${parameter(9, 'timestamptz')}, ${parameter(10, 'timestamptz')}) w (since, until)
      offset 0
    ) w on w.begins_at < s.ends_at and w.ends_at > s.begins_at`;
}

function micros(at: string): string {
  return `(extract(epoch from ${at}) * 1000000)::bigint`;
}

/** In units of the last digit, by whole numbers: a quotient of numeric is rounded before it could be cut off. */
function dueBy(at: string): string {
  return `case when ${at} <= s.begins_at then 0 when ${at} >= s.ends_at then s.units
      else div(s.units * (${at} - s.begins_at), s.ends_at - s.begins_at) end`;
}

export function costShareValues(
  shares: readonly CostShare[],
  { windowStarts, range }: Readonly<{ windowStarts: readonly Date[]; range: Range }>,
): unknown[] {
  return [
    shares.map(({ position }) => position),
    shares.map(({ tenantId }) => tenantId),
    shares.map(({ provider }) => provider),
    shares.map(({ component }) => component),
    shares.map(({ category }) => category),
    shares.map(({ currency }) => currency),
    shares.map(({ amount }) => amount),
    shares.map(({ periodFrom }) => periodFrom),
    shares.map(({ periodTo }) => periodTo),
    windowStarts,
    [...windowStarts.slice(1), range.to],
  ];
}

/** How many parameters `costShareSelect` takes. */
export const COST_SHARE_PARAMETERS = 11;
