import { buryJobs, storableDetail } from '../event-store/bury-jobs.ts';
import type { Tx } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';
import type { Attempt } from './job-rows.ts';
import { attemptRow } from './job-rows.ts';

/** Ends a job without success: inbox row and dead letter, in the caller's transaction. Safe to repeat. */
export async function buryJob(
  tx: Tx,
  message: Message,
  death: Readonly<{ cause: string; detail: string; attempts: number }>,
): Promise<void> {
  await buryJobs(tx, [{ ...message, ...death }]);
}

/** Puts a failed try on record, in the caller's transaction. */
export async function recordFailedAttempt(tx: Tx, message: Message, attempt: Attempt): Promise<void> {
  const { detail } = attempt;
  await tx.query(
    `insert into hookledger.job_attempts select * from json_populate_record(null::hookledger.job_attempts, $1::json)`,
    [
      JSON.stringify(
        attemptRow(message, { ...attempt, ...(detail === undefined ? {} : { detail: storableDetail(detail) }) }),
      ),
    ],
  );
}
