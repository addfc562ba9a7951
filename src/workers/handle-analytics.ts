import type { Handler } from './handler.ts';

/** Long enough for the projector to take a batch, short enough not to be felt. */
const SNOOZE_MS = 250;

/**
 * `analytics-events`: a doorbell. The projector reads the log by itself; the job only waits until the read models have
 * passed its position, and never holds a worker meanwhile.
 */
export function createAnalyticsHandler(projector: {
  /** The position that every active read model has reached. */
  position: () => Promise<bigint>;
  wake: () => void;
}): Handler {
  return async (event) => {
    if ((await projector.position()) >= event.position) return { kind: 'done' };
    projector.wake();
    return { kind: 'snooze', delayMs: SNOOZE_MS };
  };
}
