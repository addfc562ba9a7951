import type { Logger } from '../platform/logger.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';
import type { OpenQueue } from './bullmq-backend.ts';
import { createOverdueWatch } from './overdue.ts';

export type EndOverdueDeps = Readonly<{
  /** Rejects soon when the store does not answer. */
  withQueue<T>(use: (queue: OpenQueue) => Promise<T>): Promise<T>;
  intervalMs: number;
  lockDurationMs: number;
  stalledIntervalMs: number;
  logger: Logger;
}>;

/**
 * Until aborted, ends what stands in a queue although its time has passed: BullMQ does that by itself, except when the
 * wall clock of a process was set meanwhile. Any number of processes may do so at once. Never rejects.
 */
export async function endOverdue(deps: EndOverdueDeps, signal: AbortSignal): Promise<void> {
  const { withQueue, intervalMs, lockDurationMs, stalledIntervalMs, logger } = deps;
  const watch = createOverdueWatch({ now: () => performance.now() });
  // A living owner renews its lock several times in it, and some worker or other makes the check.
  const pace = { lockMs: 2 * lockDurationMs, checkMs: 3 * stalledIntervalMs };
  const pause = createWakeSignal();
  while (!signal.aborted) {
    try {
      await withQueue(async (queue) => {
        const overdue = watch.overdue(await queue.dated(pace));
        if (overdue.length === 0) return;
        await queue.end(overdue);
        logger.debug({ count: overdue.length }, 'what the clocks had not ended in its time was ended');
      });
    } catch (err) {
      logger.debug({ err }, 'the queue could not be asked for what is overdue; it is asked again');
    }
    await pause.wait(intervalMs, signal);
  }
}
