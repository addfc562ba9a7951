/**
 * What BullMQ ends at a time that some process has set by its wall clock. Such a time never comes, or comes hours late,
 * when that clock was wrong, or when those are wrong that it is compared with.
 */
export type Dated = Readonly<{
  /**
   * delay: ends when the job waits again. lock: ends when another worker may have the job; its owner renews it while it
   * lives. check: that dead workers' jobs were looked for; ends when that is due again.
   */
  kind: 'delay' | 'lock' | 'check';
  /** Unique within queue and kind. */
  key: string;
  /** Another one each time that it is set anew. */
  date: string;
  /** How long it was to stand, from when it was set. */
  forMs: number;
}>;

/** Compares no clocks: counts the time that passes. */
export type OverdueWatch = Readonly<{
  /**
   * Tell it all that stands in a queue, again and again: it answers what has been standing, unchanged, for as long as it
   * was to. Never early, since a thing was set before it was first seen here.
   */
  overdue(standing: readonly Dated[]): readonly Dated[];
}>;

/** `now`: milliseconds of a clock that nobody sets. */
export function createOverdueWatch({ now }: { now: () => number }): OverdueWatch {
  let seen: ReadonlyMap<string, Readonly<{ date: string; since: number }>> = new Map();
  return {
    overdue(standing) {
      const at = now();
      const still = new Map<string, Readonly<{ date: string; since: number }>>();
      const over = standing.filter(({ kind, key, date, forMs }) => {
        const before = seen.get(`${kind} ${key}`);
        const since = before?.date === date ? before.since : at;
        still.set(`${kind} ${key}`, { date, since });
        return at - since >= forMs;
      });
      seen = still;
      return over;
    },
  };
}
