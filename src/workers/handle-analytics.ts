import { doorbellSnoozeMs } from './doorbell-snooze.ts';
import type { Handler } from './handler.ts';
import type { ProjectedPosition } from './projected-position.ts';

export type DoorbellDeps = Readonly<{
  /** The position that every active read model has reached. */
  position: ProjectedPosition;
  wakeProjector: () => void;
  /** Lets these jobs run now, if they still sleep; must not throw, and nobody waits for it. */
  wakeJobs: (keys: readonly string[]) => void;
}>;

/** Whoever sleeps shorter is back before it is woken. */
const LONG_SLEEP_MS = 1_000;
const MAX_ASLEEP = 10_000;

/**
 * `analytics-events`: a doorbell. The projector reads the log by itself; the job only waits until the read models have
 * passed its position, and never holds a worker meanwhile. The first one to find them ahead wakes those that this
 * process had sent to sleep behind the same position.
 */
export function createAnalyticsHandler({ position, wakeProjector, wakeJobs }: DoorbellDeps): Handler {
  const asleep = new Map<string, bigint>();
  let wokenTo = -1n;

  function wakeBehind(reached: bigint): void {
    if (reached <= wokenTo) return;
    wokenTo = reached;
    const keys = [...asleep].filter(([, wanted]) => wanted <= reached).map(([key]) => key);
    for (const key of keys) asleep.delete(key);
    if (keys.length > 0) wakeJobs(keys);
  }

  return async (event, { key, ageMs }) => {
    asleep.delete(key);
    const reached = await position(event.position);
    wakeBehind(reached);
    if (reached >= event.position) return { kind: 'done' };
    wakeProjector();
    const delayMs = doorbellSnoozeMs(ageMs);
    if (delayMs >= LONG_SLEEP_MS && asleep.size < MAX_ASLEEP) asleep.set(key, event.position);
    return { kind: 'snooze', delayMs };
  };
}
