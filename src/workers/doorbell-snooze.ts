/** Long enough for the projector to take a batch, short enough not to be felt. */
const MIN_MS = 250;
const MAX_MS = 5_000;

/**
 * When a doorbell is to ring again whose event was recorded `ageMs` ago: after half the time that it has waited, so that
 * a projector which stands still is asked ever less often, and none waits much more than half as long again as it had to. Pure.
 */
export function doorbellSnoozeMs(ageMs: number): number {
  return Math.min(MAX_MS, Math.max(MIN_MS, Math.round(ageMs / 2)));
}
