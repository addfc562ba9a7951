import { createProcessLease } from '../event-store/process-lease.ts';
import { fireDueTimers, readNextDueMs } from '../event-store/timers.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';

export type TimerFirer = Readonly<{
  /** Fires one batch of what is due; answers how many timers it took, 0 when nothing was due. */
  tick(): Promise<number>;
  /** Fires what is due until aborted, as the holder of the lease; sleeps until the next one is due. */
  run(signal: AbortSignal): Promise<void>;
  /** A timer was armed in this process, and may be due soon. */
  wake(): void;
  close(): Promise<void>;
}>;

export type TimerFirerDeps = Readonly<{
  pool: Pool;
  /** Unique per process: the name under which the lease is held. */
  owner: string;
  logger: Logger;
  /** Called after each commit that appended events. */
  onAppended: () => void;
  /** Timers in one transaction. */
  batchSize?: number;
}>;

const SCOPE = { tenant: '*' };
const LEASE_SECONDS = 10;
/** What another process arms to be due within this time is seen that late, at most. */
const MAX_SLEEP_MS = 1_000;
/** What is due and was left, since somebody cancels it at this moment, is looked at again after this. */
const MIN_SLEEP_MS = 20;

/** Turns timers that are due into events. What is due while no process runs fires when one is back, once. */
export function createTimerFirer({ pool, owner, logger, onAppended, batchSize = 200 }: TimerFirerDeps): TimerFirer {
  const signal = createWakeSignal();
  const lease = createProcessLease({ pool, name: 'timers', owner, seconds: LEASE_SECONDS });

  async function tick(): Promise<number> {
    const taken = await withTransaction(pool, SCOPE, (tx) => fireDueTimers(tx, batchSize));
    const fired = taken.filter(({ position }) => position !== undefined).length;
    if (fired > 0) onAppended();
    if (taken.length > 0) logger.debug({ fired, duplicates: taken.length - fired }, 'timers fired');
    return taken.length;
  }

  async function sleepMs(): Promise<number> {
    const dueInMs = (await withTransaction(pool, SCOPE, readNextDueMs)) ?? MAX_SLEEP_MS;
    return Math.min(Math.max(dueInMs, MIN_SLEEP_MS), MAX_SLEEP_MS);
  }

  return {
    tick,
    wake: signal.wake,
    async run(abort) {
      while (!abort.aborted) {
        let waitMs = MAX_SLEEP_MS;
        try {
          if (await lease.hold()) {
            if ((await tick()) > 0) continue;
            waitMs = await sleepMs();
          }
        } catch (error) {
          logger.warn({ err: error }, 'timers not fired; they wait and are tried again');
        }
        await signal.wait(waitMs, abort);
      }
    },
    close: lease.release,
  };
}
