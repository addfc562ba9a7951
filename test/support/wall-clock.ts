const MachineDate = Date;
let offsetMs = 0;

/**
 * Dates of this process, `Date.now()` included, are so far off from now on, until it is told otherwise; 0 is right again.
 * Timers and performance.now() do not jump, as on a machine whose wall clock is set.
 */
export function setWallClock(byMs: number): void {
  offsetMs = byMs;
  globalThis.Date = byMs === 0 ? MachineDate : OffDate;
}

/** With a clock that is so far off for as long as the work takes. */
export async function withWallClock<T>(byMs: number, work: () => Promise<T>): Promise<T> {
  setWallClock(byMs);
  try {
    return await work();
  } finally {
    setWallClock(0);
  }
}

const OffDate = new Proxy(MachineDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now() + offsetMs] : args, newTarget) as object,
  apply: (target) => new target(target.now() + offsetMs).toString(),
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + offsetMs : (Reflect.get(target, name, receiver) as unknown),
});
