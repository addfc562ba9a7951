import type { Logger } from '../platform/logger.ts';
import { createMicroBatcher } from '../platform/micro-batcher.ts';
import type { Pool } from '../platform/postgres.ts';
import { messageKey } from '../transports/message-key.ts';
import type { Message, Transport } from '../transports/transport.ts';

export type NextJobsDeps = Readonly<{ pool: Pool; transport: Transport; types: readonly string[]; logger: Logger }>;

const MAX_BATCH = 200;
const MAX_QUEUED = 10_000;

/**
 * For one queue that is handled in the order of each stream: to be called after the commit that ended a job, so that the
 * job which waits for it runs now, whichever process had snoozed it. Jobs that end together share the round trips.
 * Never throws, and nobody has to wait for it: a job that is missed (it was just being snoozed, or waits on another
 * transport) comes back by its snooze.
 */
export function createNextJobsWaker({ pool, transport, types, logger }: NextJobsDeps): (ended: Message) => void {
  const batcher = createMicroBatcher<Message, true>({
    maxItems: MAX_BATCH,
    maxWeight: MAX_BATCH,
    weight: () => 1,
    concurrency: 1,
    maxQueued: MAX_QUEUED,
    overflow: () => new RangeError(`The jobs after more than ${MAX_QUEUED} ended ones wait to be woken.`),
    async flush(ended) {
      const byQueue = Map.groupBy(await findNextJobs(pool, ended, types), ({ queue }) => queue);
      for (const [queue, jobs] of byQueue) await transport.promote(queue, jobs.map(messageKey));
      return ended.map(() => true);
    },
  });
  return (ended) => {
    batcher.add(ended).catch((err: unknown) => logger.debug({ err }, 'no job was woken; its snooze brings it back'));
  };
}

type JobKey = Parameters<typeof messageKey>[0];

/** The jobs that may wait for the end of these; see `hookledger.next_jobs`. */
async function findNextJobs(
  pool: Pool,
  ended: readonly Message[],
  types: readonly string[],
): Promise<readonly JobKey[]> {
  const { rows } = await pool.query<JobKey>({
    name: 'next-jobs',
    text: `select queue, event_id as "eventId", replay_id as "replayId", generation
      from hookledger.next_jobs($1::json)`,
    values: [
      JSON.stringify(ended.map(({ position, queue, replayId }) => ({ position, queue, replay_id: replayId, types }))),
    ],
  });
  return rows;
}
