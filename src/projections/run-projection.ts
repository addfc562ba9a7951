import { proveHighWaterMark } from '../event-store/high-water-mark.ts';
import { readEvents } from '../event-store/read-events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';
import { lockCheckpoint, moveCheckpoint } from './checkpoint.ts';
import { failureDelayMs } from './failure-delay.ts';
import type { Projection } from './projection.ts';

export type MovedListener = (position: bigint, at: Date) => void;

export type ProjectionRunner = Readonly<{
  /**
   * Folds one batch and moves the checkpoint, in one transaction; rejects with nothing changed. Two runners of one
   * projection, in whatever processes, take turns.
   */
  tick(): Promise<{ moved: boolean; position: bigint; events: number }>;
  /** Ticks until aborted or closed. A batch that fails is logged and tried again, later and later, never skipped. */
  run(signal: AbortSignal): Promise<void>;
  /** Something was committed, or the high-water mark reached `position`: look now, unless that is folded already. */
  wake(position?: bigint): void;
  /** Ends `run` and waits for the batch under way. */
  close(): Promise<void>;
  /** Called after each commit that moved the checkpoint; must not throw. Returns the function that ends it. */
  onMoved(listener: MovedListener): () => void;
}>;

export type ProjectionRunnerDeps = Readonly<{
  pool: Pool;
  projection: Projection;
  logger: Logger;
  clock: Clock;
  batchSize: number;
}>;

/** The checkpoint goes with the fold: whatever is lost is folded again. */
const SCOPE = { tenant: '*', mayBeLost: true };
/** The net under `wake`: another process may have appended. */
const POLL_MS = 250;
/**
 * Under a steady stream, from the beginning of a fold to that of the next: what comes meanwhile shares it. Whoever finds
 * nothing of its own types has only a checkpoint to move, and nobody waits for that.
 */
const INTERVAL_MS = { fold: 20, pass: 50 };
/** Appenders take a few milliseconds; behind one that hangs, the mark that the tracker wrote serves. */
const PROOF_MS = 20;

export function createProjectionRunner(deps: ProjectionRunnerDeps): ProjectionRunner {
  const { pool, projection, clock, batchSize } = deps;
  const logger = deps.logger.child({ projection: projection.name, version: projection.version });
  const doorbell = createWakeSignal();
  const closing = new AbortController();
  const listeners = new Set<MovedListener>();
  let running: Promise<void> = Promise.resolve();
  let checkpoint: bigint | undefined;

  async function tick(): Promise<{ moved: boolean; position: bigint; events: number }> {
    const startedAt = performance.now();
    const { after, events, upTo } = await withTransaction(pool, SCOPE, async (tx) => {
      const locked = await lockCheckpoint(tx, projection);
      checkpoint = locked;
      const proven = await proveHighWaterMark(tx, { from: locked, withinMs: PROOF_MS });
      if (proven === locked) return { after: locked, events: [], upTo: locked };
      const page = await readEvents(tx, { after: locked, limit: batchSize, types: projection.types, proven });
      if (page.events.length > 0) await projection.fold(tx, page.events);
      if (page.upTo > locked) await moveCheckpoint(tx, projection, page.upTo);
      return { after: locked, ...page };
    });
    checkpoint = upTo;
    if (upTo === after) return { moved: false, position: upTo, events: 0 };

    const endedAt = clock.now();
    const durationMs = performance.now() - startedAt;
    logger.debug({ position: String(upTo), events: events.length, durationMs }, 'projection moved');
    for (const listener of listeners) listener(upTo, endedAt);
    return { moved: true, position: upTo, events: events.length };
  }

  async function loop(stop: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      const startedAt = performance.now();
      try {
        const { moved, events } = await tick();
        failures = 0;
        if (events >= batchSize) continue;
        if (moved) await pauseUntil(startedAt + (events > 0 ? INTERVAL_MS.fold : INTERVAL_MS.pass), stop);
        await doorbell.wait(POLL_MS, stop);
      } catch (err) {
        failures += 1;
        const retryInMs = failureDelayMs(failures);
        logger.error({ err, position: String(checkpoint ?? 'unknown'), failures, retryInMs }, 'projection failed');
        await pauseUntil(performance.now() + retryInMs, stop);
      }
    }
  }

  return {
    tick,
    run(signal) {
      running = loop(AbortSignal.any([signal, closing.signal]));
      return running;
    },
    wake(position) {
      if (position === undefined || checkpoint === undefined || position > checkpoint) doorbell.wake();
    },
    async close() {
      closing.abort();
      await running;
    },
    onMoved(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** A wait of its own: the doorbell rings with every append and would turn the pause into a busy loop. */
async function pauseUntil(time: number, stop: AbortSignal): Promise<void> {
  const early = time - performance.now();
  if (early > 0) await createWakeSignal().wait(early, stop);
}
