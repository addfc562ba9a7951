import type { Range } from '../time-range.ts';
import type { CostShare } from './read-cost-shares.ts';

/** Shares of fixed costs, and the windows that each of them is spread over: those of its own part, by number. */
export type SpreadCosts = Readonly<{
  shares: readonly (CostShare & Readonly<{ part: number }>)[];
  /** `at`: where what falls into it counts. */
  windows: readonly (Range & Readonly<{ part: number; at: Date }>)[];
}>;

/**
 * SQL: a sub-select of what falls into each window of the shares of fixed costs, with fourteen
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
    select s.tenant_id, s.provider, s.component, s.category, s.currency, s.position, w.at,
      (${dueBy('w.ends_at')} - ${dueBy('w.begins_at')}) * 1e-12 as cost
    from (
      select part, position, tenant_id collate "C" as tenant_id, provider collate "C" as provider,
        component collate "C" as component, category collate "C" as category, currency collate "C" as currency,
        amount * 1e12 as units, ${micros('period_from')} as begins_at, ${micros('period_to')} as ends_at
      from unnest(${parameter(0, 'bigint')}, ${parameter(1, 'text')}, ${parameter(2, 'text')}, ${parameter(3, 'text')},
          ${parameter(4, 'text')}, ${parameter(5, 'text')}, ${parameter(6, 'numeric')}, ${parameter(7, 'timestamptz')},
          ${parameter(8, 'timestamptz')}, ${parameter(9, 'integer')})
        s (position, tenant_id, provider, component, category, currency, amount, period_from, period_to, part)
      offset 0
    ) s
    join (
      select part, at, ${micros('since')} as begins_at, ${micros('until')} as ends_at
      from unnest(${parameter(10, 'timestamptz')}, ${parameter(11, 'timestamptz')}, ${parameter(12, 'timestamptz')},
        ${parameter(13, 'integer')}) w (since, until, at, part)
      offset 0
    ) w on w.part = s.part and w.begins_at < s.ends_at and w.ends_at > s.begins_at`;
}

function micros(at: string): string {
  return `(extract(epoch from ${at}) * 1000000)::bigint`;
}

/** In units of the last digit, by whole numbers: a quotient of numeric is rounded before it could be cut off. */
function dueBy(at: string): string {
  return `case when ${at} <= s.begins_at then 0 when ${at} >= s.ends_at then s.units
      else div(s.units * (${at} - s.begins_at), s.ends_at - s.begins_at) end`;
}

export function costShareValues({ shares, windows }: SpreadCosts): unknown[] {
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
    shares.map(({ part }) => part),
    windows.map(({ from }) => from),
    windows.map(({ to }) => to),
    windows.map(({ at }) => at),
    windows.map(({ part }) => part),
  ];
}

/** How many parameters `costShareSelect` takes. */
export const COST_SHARE_PARAMETERS = 14;
