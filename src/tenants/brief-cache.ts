import type { Clock } from '../platform/clock.ts';

/** How long an answer may be out of date: the longest that a change of keys, sources or mappings takes to hold. */
const MAX_AGE_MS = 1_000;

export type BriefCache<Value> = Readonly<{
  get(key: string): Value | undefined;
  /** `readAt`: before the value was read, so that its age counts from there. */
  set(key: string, value: Value, readAt: Date): void;
}>;

/** Answers that are at most a second old; beyond `maxEntries` the oldest go. Put no negative answer in it. */
export function createBriefCache<Value>({
  clock,
  maxEntries,
}: {
  clock: Clock;
  maxEntries: number;
}): BriefCache<Value> {
  const entries = new Map<string, { value: Value; readAtMs: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const ageMs = clock.now().getTime() - entry.readAtMs;
      // A clock that was set back must not keep a revoked key alive.
      if (ageMs >= 0 && ageMs < MAX_AGE_MS) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, readAt) {
      entries.delete(key);
      entries.set(key, { value, readAtMs: readAt.getTime() });
      if (entries.size <= maxEntries) return;
      const oldest = entries.keys().next();
      if (oldest.done !== true) entries.delete(oldest.value);
    },
  };
}
