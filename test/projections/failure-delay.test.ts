import { expect, test } from '@jest/globals';
import { failureDelayMs } from '../../src/projections/failure-delay.ts';

test('a projection that fails pauses twice as long each time, 10 seconds at most', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 1_000].map(failureDelayMs)).toEqual([
    250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000,
  ]);
});
