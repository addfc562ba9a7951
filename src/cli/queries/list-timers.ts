import type { Tx } from '../../platform/postgres.ts';

export type ArmedTimer = Readonly<{
  key: string;
  task: string;
  tenantId: string;
  streamKey: string;
  dueAt: Date;
  armedAt: Date;
  /** How long ago it was due; below 0 while it is not. */
  overdueSeconds: number;
}>;

export type ArmedTimers = Readonly<{
  timers: readonly ArmedTimer[];
  armed: number;
  overdue: number;
  /** Whether a process with the role worker fires them. */
  isFired: boolean;
}>;

/** In the order in which they are due; with `overdue` only those that should have fired. */
export async function listTimers(tx: Tx, filter: { overdue: boolean; limit: number }): Promise<ArmedTimers> {
  const timers = await tx.query<ArmedTimer>(
    `select key, task, tenant_id as "tenantId", stream_key as "streamKey", due_at as "dueAt", armed_at as "armedAt",
       extract(epoch from now() - due_at)::float8 as "overdueSeconds"
     from hookledger.timers
     where not $1::boolean or due_at <= now()
     order by due_at, key limit $2::integer`,
    [filter.overdue, filter.limit],
  );
  const counts = await tx.query<Omit<ArmedTimers, 'timers'>>(
    `select count(*)::integer as armed, count(*) filter (where due_at <= now())::integer as overdue,
       coalesce((select lease_until > now() from hookledger.leases where name = 'timers'), false) as "isFired"
     from hookledger.timers`,
  );
  const [counted] = counts.rows;
  return { timers: timers.rows, ...(counted ?? { armed: 0, overdue: 0, isFired: false }) };
}
