import type { Tx } from '../platform/postgres.ts';
import type { JobId } from './repeat-jobs.ts';

/** A job of one generation that ended without success. */
export type Death = JobId &
  Readonly<{
    generation: number;
    tenantId: string;
    eventId: string;
    eventType: string;
    /** One word, such as `attempts-exhausted`. */
    cause: string;
    /** What went wrong, without data of the event. */
    detail: string;
    /** Tries of this generation. */
    attempts: number;
  }>;

/** More than anyone reads; an error may quote a whole document. */
const MAX_DETAIL = 8_000;

/**
 * Ends jobs without success, inbox row and dead letter of each, in the caller's transaction, whose scope must be `*`.
 * Answers how many it buried. Safe to repeat: a job that has ended stays as it is, unless it ended otherwise than done
 * under a lower generation.
 */
export async function buryJobs(tx: Tx, deaths: readonly Death[]): Promise<number> {
  if (deaths.length === 0) return 0;
  const { rows } = await tx.query<{ buried: number }>('select hookledger.bury_jobs($1::json) as buried', [
    JSON.stringify(
      deaths.map((death) => ({
        position: death.position,
        queue: death.queue,
        replay_id: death.replayId,
        generation: death.generation,
        tenant_id: death.tenantId,
        event_id: death.eventId,
        event_type: death.eventType,
        cause: death.cause,
        detail: storableDetail(death.detail),
        attempts: death.attempts,
      })),
    ),
  ]);
  return rows[0]?.buried ?? 0;
}

/** What went wrong, as PostgreSQL takes it: an error's text may hold a NUL, or be very long. */
export function storableDetail(detail: string): string {
  return detail.slice(0, MAX_DETAIL).toWellFormed().replaceAll('\0', '\u{fffd}');
}
