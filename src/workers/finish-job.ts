import type { NewEvent, RecordedEvent } from '../domain/envelope.ts';
import { newEventRow } from '../event-store/event-row.ts';
import type { Pool } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';
import type { Effect } from './handler.ts';
import type { Attempt } from './job-rows.ts';
import { attemptRow, jobRow, notificationRow } from './job-rows.ts';

export type FinishedJob = Readonly<{
  message: Message;
  event: RecordedEvent;
  attempt: Attempt;
  effects: readonly Effect[];
  events: readonly NewEvent[];
}>;

/**
 * Ends the job as done in ONE transaction of its own: inbox row, attempt, effects, further events, all or none.
 * Answers false, having written nothing, when the job had ended already. Safe to repeat.
 */
export async function finishJob(
  pool: Pool,
  { message, event, attempt, effects, events }: FinishedJob,
): Promise<boolean> {
  const { rows } = await pool.query<{ finished: boolean }>(
    `select hookledger.finish_job($1::json, $2::json, $3::json, $4::json) as finished`,
    [
      JSON.stringify(jobRow(message)),
      JSON.stringify(attemptRow(message, attempt)),
      JSON.stringify(effects.map((effect) => notificationRow(event, effect))),
      JSON.stringify(events.map((further) => newEventRow(further))),
    ],
  );
  return rows[0]?.finished === true;
}
