import { expect, test } from '@jest/globals';
import { doorbellSnoozeMs } from '../../src/workers/doorbell-snooze.ts';

test('a doorbell sleeps half as long as it has waited, at least a quarter of a second and at most five', () => {
  const ages = [0, 3, 500, 501, 1_000, 9_999, 10_000, 60_000, 86_400_000];
  expect(ages.map(doorbellSnoozeMs)).toEqual([250, 250, 250, 251, 500, 5_000, 5_000, 5_000, 5_000]);
});

test('a clock that was set back makes it sleep the shortest time', () => {
  expect(doorbellSnoozeMs(-3_600_000)).toBe(250);
});

test('a projector that stands still for a minute is asked 20 times by one doorbell', () => {
  let rings = 0;
  for (let ageMs = 0; ageMs < 60_000; ageMs += doorbellSnoozeMs(ageMs)) rings += 1;
  expect(rings).toBe(20);
});
