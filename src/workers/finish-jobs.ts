import type { NewEvent, RecordedEvent } from '../domain/envelope.ts';
import { newEventRow } from '../event-store/event-row.ts';
import type { Pool } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';
import type { Effect } from './handler.ts';
import type { Attempt } from './job-rows.ts';
import { jobRow, notificationRow, triedRow } from './job-rows.ts';

export type FinishedJob = Readonly<{
  message: Message;
  event: RecordedEvent;
  attempt: Attempt;
  effects: readonly Effect[];
  events: readonly NewEvent[];
}>;

/**
 * Ends the jobs as done in ONE transaction of its own: inbox rows, attempts, effects, further events, all or none. Answers in
 * their order; false where the job had ended already, and nothing was written for it. Safe to repeat.
 */
export async function finishJobs(pool: Pool, jobs: readonly FinishedJob[]): Promise<readonly boolean[]> {
  const { rows } = await pool.query<{ job: number }>({
    name: 'finish-jobs',
    text: 'select job from hookledger.finish_jobs($1::json, $2::json, $3::json, $4::json) job',
    values: [
      JSON.stringify(jobs.map(({ message }, job) => ({ job, ...jobRow(message) }))),
      JSON.stringify(jobs.map(({ attempt }, job) => ({ job, ...triedRow(attempt) }))),
      JSON.stringify(
        jobs.flatMap(({ event, effects }, job) =>
          effects.map((effect) => ({ job, ...notificationRow(event, effect) })),
        ),
      ),
      JSON.stringify(jobs.flatMap(({ events }, job) => events.map((further) => newEventRow(further, job)))),
    ],
  });
  const finished = new Set(rows.map(({ job }) => job));
  return jobs.map((_, job) => finished.has(job));
}
