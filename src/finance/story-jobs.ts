import { listJobAttempts } from '../event-store/list-job-attempts.ts';
import type { JobAttempt } from '../event-store/list-job-attempts.ts';
import type { Tx } from '../platform/postgres.ts';

export type StoryAttempt = Omit<JobAttempt, 'position' | 'queue' | 'replayId'>;

/** One outbox row and what became of it. */
export type StoryJob = Readonly<{
  position: string;
  queue: string;
  replayId: string;
  generation: number;
  eventId: string;
  eventType: string;
  tenantId: string;
  /** The lane's cursor has passed the row. */
  published: boolean;
  /** How it ended; null while it has not. */
  outcome: 'done' | 'dead' | 'expired' | 'purged' | null;
  endedAt: Date | null;
  deadLetter: Readonly<{ cause: string; detail: string }> | null;
  attempts: readonly StoryAttempt[];
}>;

type JobRow = Omit<StoryJob, 'attempts'> & Readonly<{ targetPosition: string }>;

/** The jobs that events asked for, in the order of their positions. Not for a tenant's reader. */
export async function listJobs(tx: Tx, positions: readonly string[]): Promise<readonly StoryJob[]> {
  const jobs = await listOutboxRows(tx, positions);
  const attempts = await listJobAttempts(
    tx,
    jobs.map(({ targetPosition }) => targetPosition),
  );
  return jobs.map(({ targetPosition, ...job }) => ({
    ...job,
    attempts: attempts
      .filter((attempt) => attempt.position === targetPosition && attempt.queue === job.queue)
      .filter((attempt) => attempt.replayId === job.replayId && attempt.generation === job.generation)
      .map(({ position: _position, queue: _queue, replayId: _replayId, ...attempt }) => attempt),
  }));
}

/** When what is known of the jobs of these events was dropped; null where it is still kept. */
export async function readJobsDroppedAt(tx: Tx, positions: readonly string[]): Promise<Date | null> {
  const { rows } = await tx.query<{ at: Date | null }>(
    `select max(dropped_at) as at from hookledger.job_partitions
     where partition = any (select p / hookledger.partition_size() from unnest($1::bigint[]) p)`,
    [positions],
  );
  return rows[0]?.at ?? null;
}

async function listOutboxRows(tx: Tx, positions: readonly string[]): Promise<readonly JobRow[]> {
  const { rows } = await tx.query<JobRow>(
    `select o.position, o.queue, o.replay_id as "replayId", o.generation, o.target_position as "targetPosition",
       o.event_id as "eventId", o.event_type as "eventType", o.tenant_id as "tenantId",
       coalesce(l.published_position >= o.position, false) as published, i.outcome, i.ended_at as "endedAt",
       case when d.position is not null then json_build_object('cause', d.cause, 'detail', d.detail) end as "deadLetter"
     from hookledger.outbox o
     left join hookledger.lanes l on l.tenant_id = o.tenant_id and l.queue = o.queue
     left join hookledger.inbox i on i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id
     left join hookledger.dead_letters d on d.position = o.target_position and d.queue = o.queue
       and d.replay_id = o.replay_id and d.generation = o.generation
     where o.position = any ($1::bigint[])
     order by o.position, o.queue, o.replay_id, o.generation`,
    [positions],
  );
  return rows;
}
