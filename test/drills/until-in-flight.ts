import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 10_000;

/** Asks until the answer is above 0, which it answers at once; 0 when it never was. */
export async function untilInFlight(count: () => Promise<number>): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const inFlight = await count();
    if (inFlight > 0 || performance.now() > deadline) return inFlight;
    await pause(5);
  }
}
