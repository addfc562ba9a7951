import { classifyStoreError } from '../event-store/store-errors.ts';
import { createMicroBatcher } from '../platform/micro-batcher.ts';
import type { Pool } from '../platform/postgres.ts';
import type { FinishedJob } from './finish-jobs.ts';
import { finishJobs } from './finish-jobs.ts';
import type { JobOrder, TakenJob } from './take-jobs.ts';
import { takeJobs } from './take-jobs.ts';
import type { Message } from '../transports/transport.ts';

export type JobStore = Readonly<{
  /** What is to become of the job. `order`: of a queue that is handled in the order of each stream. */
  take(message: Message, order?: JobOrder): Promise<TakenJob>;
  /**
   * Ends the job with its effects and further events; resolves after the commit. False when it had ended already:
   * nothing was written then. Safe to repeat.
   */
  finish(job: FinishedJob): Promise<boolean>;
}>;

const MAX_BATCH = 200;
const MAX_QUEUED = 10_000;
const MAX_ATTEMPTS = 5;

/**
 * Jobs that run at once share their round trips, and those that end at once share one transaction; the store is shared
 * by all queues of a process. A job whose data PostgreSQL refuses fails alone: its batch is halved until it stands
 * alone, and no handler runs again for it.
 */
export function createJobStore({ pool }: { pool: Pool }): JobStore {
  const options = {
    maxItems: MAX_BATCH,
    maxWeight: MAX_BATCH,
    weight: () => 1,
    maxQueued: MAX_QUEUED,
    overflow: () => new RangeError(`More than ${MAX_QUEUED} jobs wait for PostgreSQL.`),
  };
  const taking = createMicroBatcher<Readonly<{ message: Message; order: JobOrder | undefined }>, TakenJob>({
    ...options,
    concurrency: 2,
    flush: (jobs) => takeJobs(pool, jobs),
  });
  // One at a time: what ends during a commit shares the next one.
  const finishing = createMicroBatcher<FinishedJob, PromiseSettledResult<boolean>>({
    ...options,
    concurrency: 1,
    flush: (jobs) => finishAll(jobs),
  });

  async function finishAll(
    jobs: readonly FinishedJob[],
    attempt = 1,
  ): Promise<readonly PromiseSettledResult<boolean>[]> {
    try {
      const finished = await finishJobs(pool, jobs);
      return finished.map((value) => ({ status: 'fulfilled', value }));
    } catch (reason) {
      const kind = classifyStoreError(reason);
      if (kind === 'again' && attempt < MAX_ATTEMPTS) return finishAll(jobs, attempt + 1);
      if (kind !== 'poisoned' || jobs.length === 1) return jobs.map(() => ({ status: 'rejected', reason }));
      const middle = Math.ceil(jobs.length / 2);
      return [...(await finishAll(jobs.slice(0, middle))), ...(await finishAll(jobs.slice(middle)))];
    }
  }

  return {
    take: (message, order) => taking.add({ message, order }),
    async finish(job) {
      const result = await finishing.add(job);
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    },
  };
}
