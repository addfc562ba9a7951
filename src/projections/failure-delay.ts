/**
 * How long a projection pauses after so many failures in a row: 0.25, 0.5, 1, 2, 4, 8, 10, 10 … seconds. Without
 * jitter: one runner folds at a time, so there is no herd to spread.
 */
export function failureDelayMs(failures: number): number {
  return Math.min(250 * 2 ** Math.min(failures - 1, 6), 10_000);
}
