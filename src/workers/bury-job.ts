import type { Tx } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';
import type { Attempt } from './job-rows.ts';
import { attemptRow, jobRow } from './job-rows.ts';

/** Ends a job without success: inbox row and dead letter, in the caller's transaction. Safe to repeat. */
export async function buryJob(
  tx: Tx,
  message: Message,
  death: Readonly<{ cause: string; detail: string; attempts: number }>,
): Promise<void> {
  await tx.query(
    `with ended as (
       insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
       select position, queue, replay_id, tenant_id, generation, 'dead'
       from json_populate_record(null::hookledger.inbox, $1::json)
       on conflict do nothing
     )
     insert into hookledger.dead_letters
       (position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts)
     select position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts
     from json_populate_record(null::hookledger.dead_letters, $1::json)
     on conflict do nothing`,
    [JSON.stringify({ ...jobRow(message), event_id: message.eventId, event_type: message.eventType, ...death })],
  );
}

/** Puts a failed try on record, in the caller's transaction. */
export async function recordFailedAttempt(tx: Tx, message: Message, attempt: Attempt): Promise<void> {
  await tx.query(
    `insert into hookledger.job_attempts select * from json_populate_record(null::hookledger.job_attempts, $1::json)`,
    [JSON.stringify(attemptRow(message, attempt))],
  );
}
