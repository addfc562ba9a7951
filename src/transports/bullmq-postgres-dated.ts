import type pg from 'pg';
import type { DatedPace } from './bullmq-backend.ts';
import type { Dated } from './overdue.ts';

/** In BullMQ's own tables: it keeps every time there as some process's milliseconds since 1970. */
export async function listDated(
  pool: pg.Pool,
  queue: string,
  { lockMs, checkMs }: DatedPace,
): Promise<readonly Dated[]> {
  const { rows } = await pool.query<Dated>(
    `select 'delay' as kind, id as key, process_at_ms::text as date, delay_ms::float8 as "forMs"
     from job where queue = $1::text and state = 'delayed' and process_at_ms is not null
     union all
     select 'lock', id, locked_until_ms::text, $2::float8
     from job where queue = $1::text and state = 'active' and locked_until_ms > 0
     union all
     select 'check', field, value, $3::float8
     from meta where queue = $1::text and field = 'stalled-check' and value is not null`,
    [queue, lockMs, checkMs],
  );
  return rows;
}

/** The job is found as that of a dead worker at the next look but one. */
export async function endLocks(pool: pg.Pool, queue: string, overdue: readonly Dated[]): Promise<void> {
  const locks = overdue.filter(({ kind }) => kind === 'lock');
  if (locks.length === 0) return;
  await pool.query(
    `update job set locked_until_ms = 0
     from unnest($2::text[], $3::bigint[]) l (id, locked_until_ms)
     where job.queue = $1::text and job.id = l.id and job.state = 'active' and job.locked_until_ms = l.locked_until_ms`,
    [queue, locks.map(({ key }) => key), locks.map(({ date }) => date)],
  );
}

export async function endCheck(pool: pg.Pool, queue: string, overdue: readonly Dated[]): Promise<void> {
  const check = overdue.find(({ kind }) => kind === 'check');
  if (check === undefined) return;
  await pool.query(`delete from meta where queue = $1::text and field = $2::text and value = $3::text`, [
    queue,
    check.key,
    check.date,
  ]);
}
