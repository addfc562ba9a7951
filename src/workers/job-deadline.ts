import type { Queue } from '../domain/queues.ts';

/** How old an event may be when its job starts, where a late job does more harm than none. */
const MAX_AGE_MS: Readonly<Partial<Record<Queue, number>>> = { notifications: 24 * 60 * 60 * 1_000 };

/** A redriven or re-published job is never too old: somebody asked for it, and its handler is told that it is late. */
export function isExpired(queue: Queue, generation: number, ageMs: number): boolean {
  const maxAgeMs = MAX_AGE_MS[queue];
  return generation === 0 && maxAgeMs !== undefined && ageMs > maxAgeMs;
}
