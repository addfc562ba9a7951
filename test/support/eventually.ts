import { setTimeout as pause } from 'node:timers/promises';

/** Polls until `check` stops throwing, for at most 30 seconds; then throws what it threw last. */
export async function eventually<T>(check: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(20);
    }
  }
}
