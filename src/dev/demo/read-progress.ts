import type { Pool } from '../../platform/postgres.ts';
import { withTransaction } from '../../platform/postgres.ts';

export type QueueCounts = Readonly<{ queue: string; published: number; handled: number; dead: number }>;

export type Progress = Readonly<{
  queues: readonly QueueCounts[];
  /** Jobs asked for by the outbox that have not ended yet. */
  jobsLeft: number;
  /** Events that some read model has not folded yet. */
  eventsLeft: number;
}>;

/** How far relay, workers and projections are with everything that was recorded so far. */
export async function readProgress(pool: Pool): Promise<Progress> {
  return withTransaction(pool, { tenant: '*' }, async (tx) => {
    const { rows: queues } = await tx.query<{
      queue: string;
      published: string;
      handled: string;
      dead: string;
      rows: string;
    }>(
      `select l.queue, sum(o.rows) as rows, sum(o.published) as published, sum(i.handled) as handled, sum(i.dead) as dead
       from hookledger.lanes l
       cross join lateral (
         select count(*) as rows, count(*) filter (where o.position <= l.published_position) as published
         from hookledger.outbox o where o.tenant_id = l.tenant_id and o.queue = l.queue
       ) o
       cross join lateral (
         select count(*) filter (where i.outcome = 'done') as handled, count(*) filter (where i.outcome = 'dead') as dead
         from hookledger.inbox i where i.tenant_id = l.tenant_id and i.queue = l.queue
       ) i
       group by l.queue order by l.queue`,
    );
    const { rows: left } = await tx.query<{ events: string }>(
      `select count(*) as events from hookledger.events
       where position > (select min(position) from hookledger.projection_checkpoints)`,
    );
    return {
      queues: queues.map((row) => ({
        queue: row.queue,
        published: Number(row.published),
        handled: Number(row.handled),
        dead: Number(row.dead),
      })),
      jobsLeft: queues.reduce((sum, row) => sum + Number(row.rows) - Number(row.handled) - Number(row.dead), 0),
      eventsLeft: Number(left[0]?.events ?? 0),
    };
  });
}
