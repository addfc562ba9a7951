import { DatabaseError } from 'pg';
import type { RecordedEvent } from '../domain/envelope.ts';
import type { EventRow } from '../event-store/event-row.ts';
import { EVENT_COLUMNS, recordedEvent } from '../event-store/event-row.ts';
import type { Pool } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';
import { UnrecoverableJobError } from './retry-policy.ts';

const NO_SUCH_EVENT = 'HL003';

/**
 * The job's event; undefined when the job has ended and this generation may not change that.
 * @throws UnrecoverableJobError when there is no event at the position that the job names.
 */
export async function takeJob(pool: Pool, message: Message): Promise<RecordedEvent | undefined> {
  try {
    const { rows } = await pool.query<EventRow>(
      `select ${EVENT_COLUMNS} from hookledger.take_job($1::bigint, $2::text, $3::text, $4::integer) e`,
      [message.position, message.queue, message.replayId, message.generation],
    );
    return rows[0] === undefined ? undefined : recordedEvent(rows[0]);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== NO_SUCH_EVENT) throw error;
    throw new UnrecoverableJobError(
      `There is no event at position ${message.position}, which job ${message.key} names.`,
    );
  }
}
