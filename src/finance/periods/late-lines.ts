import { closedPeriodsSelect } from './read-periods.ts';

/**
 * SQL: a common table expression list `closed, late` of the lines of a read model that are late as of a position, each
 * with the closed month that it is of (`service_period`) and where it is booked instead (`booked_at`, `booked_period`):
 * the first later month whose close it was in time for, else the first month that is open. A line is late when its
 * position is above the cut-off of its closed month, which never changes again.
 *
 * `lines` is a sub-select with `position` and the line's time, already bounded by `asOf` and by whose it is, but not by
 * time: what is booked in a range may have happened long before it.
 */
export function lateLines({ lines, time, asOf }: { lines: string; time: string; asOf: string }): string {
  return `closed as materialized (${closedPeriodsSelect(asOf)}),
    open_month as (select max(period_to) as opens_at, max(tz) as tz from closed),
    late as (
      select l.*, c.period as service_period,
        coalesce(b.period_from, o.opens_at) as booked_at,
        coalesce(b.period, to_char(o.opens_at at time zone o.tz, 'YYYY-MM')) as booked_period
      from closed c
      cross join open_month o
      join (${lines}) l on l.${time} >= c.period_from and l.${time} < c.period_to and l.position > c.cut_off
      left join lateral (
        select b.period, b.period_from from closed b
        where b.period_from > c.period_from and b.cut_off >= l.position
        order by b.period_from limit 1
      ) b on true
    )`;
}
