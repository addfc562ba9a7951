import type { Tx } from '../../platform/postgres.ts';

export type JobAttempt = Readonly<{
  queue: string;
  replayId: string;
  generation: number;
  attempt: number;
  outcome: 'done' | 'retry' | 'dead';
  detail: string | null;
  transport: string;
  startedAt: Date;
  durationMs: number;
}>;

/** Every try of the jobs about one event, in the order of time. */
export async function listJobAttempts(tx: Tx, position: string): Promise<readonly JobAttempt[]> {
  const { rows } = await tx.query<JobAttempt>(
    `select queue, replay_id as "replayId", generation, attempt, outcome, detail, transport,
       started_at as "startedAt", duration_ms as "durationMs"
     from hookledger.job_attempts where position = $1::bigint
     order by started_at, queue, attempt`,
    [position],
  );
  return rows;
}
