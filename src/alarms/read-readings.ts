import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { readLog, readOldestAppender, readPartitionsAhead } from './read-log.ts';
import { readHeldStreams } from './read-held-streams.ts';
import {
  readBadEnds,
  readDueTimers,
  readLastEndings,
  readProjectionLags,
  readUnpublishedSeconds,
  readUnsettledJobs,
} from './read-work.ts';
import type { QueueLook, Readings } from './readings.ts';

export type DatabaseReadings = Readonly<{
  readings: Readings;
  /** See `readLastEndings`. */
  lastEndings: ReadonlyMap<string, number>;
}>;

/**
 * Everything that the database knows, in one transaction of a few short statements. Reads only. With `timeoutMs` a
 * statement that takes longer is given up, for whoever asks so often that asking must not be what hurts.
 */
export async function readReadings(pool: Pool, { timeoutMs }: { timeoutMs?: number } = {}): Promise<DatabaseReadings> {
  return withTransaction(pool, { tenant: '*' }, async (tx) => {
    if (timeoutMs !== undefined) await tx.query(`set local statement_timeout = ${timeoutMs}`);
    const readings = {
      ...(await readLog(tx)),
      unpublishedSeconds: await readUnpublishedSeconds(tx),
      unsettled: await readUnsettledJobs(tx),
      projections: await readProjectionLags(tx),
      ...(await readBadEnds(tx)),
      heldStreams: await readHeldStreams(tx),
      dueTimers: await readDueTimers(tx),
      ...(await readPartitionsAhead(tx)),
    };
    const lastEndings = await readLastEndings(tx);
    // The last one: from there on the transaction has another role.
    return { readings: { ...readings, oldestAppender: await readOldestAppender(tx) }, lastEndings };
  });
}

/** What one look at the queues says; `depths` of a transport that does not answer are undefined. */
export function lookAtQueues(
  depths: readonly Readonly<{ queue: string; depth: QueueLook['depth'] }>[],
  lastEndings: DatabaseReadings['lastEndings'],
): readonly QueueLook[] {
  return depths.map(({ queue, depth }) => ({ queue, depth, lastEndedSeconds: lastEndings.get(queue) }));
}
