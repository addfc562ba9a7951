export type Clock = Readonly<{ now(): Date }>;

export const systemClock: Clock = { now: () => new Date() };

/** A moment by both clocks of this machine: one may be set, the other may stand still while the machine sleeps. */
export type Moment = Readonly<{ at: Date; ticks: number }>;

export function momentBy(now: Clock['now']): Moment {
  return { at: now(), ticks: performance.now() };
}

/**
 * For how long a moment has passed, in milliseconds: by whichever clock says more. Ask it where to stop too early is
 * harmless and too late is not; a clock that is set back does not prolong anything.
 */
export function elapsedMs(since: Moment, now: Clock['now']): number {
  return Math.max(now().getTime() - since.at.getTime(), performance.now() - since.ticks);
}
