import type { Tx } from '../platform/postgres.ts';
import type { JobId } from './repeat-jobs.ts';

/** One try of a job, as its worker put it on record. Not for a tenant's reader. */
export type JobAttempt = JobId &
  Readonly<{
    generation: number;
    attempt: number;
    outcome: 'done' | 'retry' | 'dead';
    detail: string | null;
    transport: string;
    startedAt: Date;
    durationMs: number;
  }>;

/** Every try of the jobs about the events at these positions, in the order of time. */
export async function listJobAttempts(tx: Tx, positions: readonly string[]): Promise<readonly JobAttempt[]> {
  const { rows } = await tx.query<JobAttempt>(
    `select position, queue, replay_id as "replayId", generation, attempt, outcome, detail, transport,
       started_at as "startedAt", duration_ms as "durationMs"
     from hookledger.job_attempts where position = any ($1::bigint[])
     order by started_at, queue, attempt`,
    [positions],
  );
  return rows;
}
