export type WakeSignal = Readonly<{
  /** Wakes the waiter; when nobody waits, the next wait returns at once. Many calls count as one. */
  wake(): void;
  /** Returns when woken, when `ms` have passed, or when `signal` is aborted. One waiter at a time. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}>;

/** A loop's doorbell: woken after a commit in this process, with polling as the net for other processes. */
export function createWakeSignal(): WakeSignal {
  let rung = false;
  let release: (() => void) | undefined;
  return {
    wake() {
      rung = true;
      release?.();
    },
    async wait(ms, signal) {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const finish = (): void => {
            clearTimeout(timer);
            signal.removeEventListener('abort', finish);
            release = undefined;
            resolve();
          };
          const timer = setTimeout(finish, ms);
          signal.addEventListener('abort', finish, { once: true });
          release = finish;
        });
      }
      rung = false;
    },
  };
}
