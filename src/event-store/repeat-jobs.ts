import { catalogue } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';

/** What names a job, whatever its generation. */
export type JobId = Readonly<{
  /** Of the target event, as a decimal string. */
  position: string;
  queue: string;
  replayId: string;
}>;

export type RepetitionOrder = Readonly<{
  jobs: readonly JobId[];
  type: 'JobRedriven' | 'JobRepublished';
  by: string;
  reason: string;
}>;

/**
 * Orders that these jobs be published once more: for each tenant an event that says who asked for it and why, and for
 * each job a NEW outbox row in its lane with the next generation, all in the caller's transaction, whose scope must be
 * `*`. Answers the jobs with that generation, less those that are done already: done is absorbing. Whoever repeats the
 * same job at the same time gets another generation, and the inbox lets one of them have effect.
 *
 * It takes the append lock: call it last, with some hundred jobs at a time. Not safe to repeat. Throws what pg throws:
 * HL003 when there is no event at a position.
 */
export async function repeatJobs(
  tx: Tx,
  order: RepetitionOrder,
): Promise<readonly (JobId & Readonly<{ generation: number }>)[]> {
  if (order.jobs.length === 0) return [];
  const { rows } = await tx.query<{ position: string; queue: string; replay_id: string; generation: number }>(
    `select position, queue, replay_id, generation
     from hookledger.repeat_jobs($1::json, $2::text, $3::integer, $4::text, $5::text)`,
    [
      JSON.stringify(order.jobs.map(({ position, queue, replayId }) => ({ position, queue, replay_id: replayId }))),
      order.type,
      catalogue[order.type].version,
      order.by,
      order.reason,
    ],
  );
  return rows.map((row) => ({
    position: row.position,
    queue: row.queue,
    replayId: row.replay_id,
    generation: row.generation,
  }));
}
