import type { Basis } from '../basis.ts';
import { lateLines } from './late-lines.ts';

/**
 * SQL: a sub-select of the lines of a table that count in the range from $2 to $3, by a basis, with all their columns and
 * `at`, the time that they count at. `where` bounds whose lines they are; $4 is the position that the answer stands at.
 */
export function linesInRange({
  table,
  time,
  where,
  basis = 'service',
}: Readonly<{ table: string; time: string; where: string; basis?: Basis | undefined }>): string {
  const lines = `select * from ${table} where ${where} and position <= $4::bigint`;
  const inRange = (at: string) => `${at} >= $2::timestamptz and ${at} < $3::timestamptz`;
  if (basis === 'service')
    return `(select *, ${time} as at from ${table} where ${where}
    and position <= $4::bigint and ${inRange(time)})`;
  return `(
    with ${lateLines({ lines, time, asOf: '$4::bigint' })}
    select l.*, null::text as service_period, l.${time} as at, null::text as booked_period
    from (${lines} and ${inRange(time)}) l
    where not exists (
      select from closed c
      where l.${time} >= c.period_from and l.${time} < c.period_to and l.position > c.cut_off)
    union all
    select * from late where ${inRange('booked_at')})`;
}
