import { ENDINGS_WITHIN_SECONDS } from './readings.ts';
import type { QueueLook, QueueReading } from './readings.ts';

/**
 * A job that waits is nothing bad; one that waits while no job ends is. So a single look tells nothing: this remembers
 * since when each queue has had waiting jobs and has ended none. `now` in milliseconds.
 */
export function createQueueWatch(): (looks: readonly QueueLook[], now: number) => readonly QueueReading[] {
  const since = new Map<string, number>();
  return (looks, now) =>
    looks.map((look) => {
      const { queue, depth, lastEndedSeconds = Infinity } = look;
      if (depth === undefined || depth.waiting === 0) {
        since.delete(queue);
        return { ...look, stalledSeconds: 0 };
      }
      const stalledSince = Math.max(since.get(queue) ?? now, now - lastEndedSeconds * 1_000);
      since.set(queue, stalledSince);
      return { ...look, stalledSeconds: (now - stalledSince) / 1_000 };
    });
}

/**
 * The same for whoever looks twice within moments and remembers nothing: a queue counts as stalled when jobs wait at
 * both looks and none has ended within `ENDINGS_WITHIN_SECONDS`.
 */
export function compareLooks(before: readonly QueueLook[], after: readonly QueueLook[]): readonly QueueReading[] {
  const waited = new Set(before.filter(({ depth }) => (depth?.waiting ?? 0) > 0).map(({ queue }) => queue));
  return after.map((look) => {
    const { queue, depth, lastEndedSeconds } = look;
    const isStalled = waited.has(queue) && (depth?.waiting ?? 0) > 0 && lastEndedSeconds === undefined;
    return { ...look, stalledSeconds: isStalled ? ENDINGS_WITHIN_SECONDS : 0 };
  });
}
