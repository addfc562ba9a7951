import type { RecordedEvent } from '../domain/envelope.ts';
import { EVENT_COLUMNS, recordedEvent } from '../event-store/event-row.ts';
import type { EventRow } from '../event-store/event-row.ts';
import type { Pool } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';

/** For a queue that is handled in the order of each stream. */
export type JobOrder = Readonly<{
  /** The event types that are routed to it. */
  types: readonly string[];
  /** A dead job stops its stream until it is redriven or purged. */
  holds: boolean;
}>;

export type TakenJob =
  | Readonly<{
      state: 'ready';
      event: RecordedEvent;
      /** For how long it has been recorded, by the database's clock. */
      ageMs: number;
    }>
  /**
   * ended: nothing is to be done. missing: no event stands at its position. waiting: the job before it in its stream
   * has not ended. held: that one died.
   */
  | Readonly<{ state: 'ended' | 'missing' | 'waiting' | 'held' }>;

/** One look at all of the jobs; answers in their order. Writes nothing. */
export async function takeJobs(
  pool: Pool,
  jobs: readonly Readonly<{ message: Message; order: JobOrder | undefined }>[],
): Promise<readonly TakenJob[]> {
  const { rows } = await pool.query<EventRow & { job: number; state: TakenJob['state']; ageMs: number }>({
    name: 'take-jobs',
    text: `select j.job, j.state, ${EVENT_COLUMNS},
        (extract(epoch from clock_timestamp() - e.recorded_at) * 1000)::float8 as "ageMs"
      from hookledger.take_jobs($1::json) j cross join lateral (select (j.event).*) e`,
    values: [JSON.stringify(jobs.map(({ message, order }, job) => ({ job, ...takenRow(message, order) })))],
  });
  const byJob = new Map(rows.map((row) => [row.job, row]));
  return jobs.map((_, job) => {
    const row = byJob.get(job);
    if (row === undefined) throw new RangeError(`take_jobs gave no answer for job ${job} of ${jobs.length}.`);
    return row.state === 'ready'
      ? { state: 'ready', event: recordedEvent(row), ageMs: row.ageMs }
      : { state: row.state };
  });
}

function takenRow(message: Message, order: JobOrder | undefined): Record<string, unknown> {
  const { position, queue, replayId, generation } = message;
  return { position, queue, replay_id: replayId, generation, types: order?.types, holds: order?.holds };
}
