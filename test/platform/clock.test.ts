import { expect, test } from '@jest/globals';
import { elapsedMs, momentBy } from '../../src/platform/clock.ts';
import type { Moment } from '../../src/platform/clock.ts';

const noon = new Date('2026-11-24T12:00:00Z');
const at = (time: string) => () => new Date(`2026-11-24T${time}Z`);
const ago = (ms: number): Moment => ({ at: noon, ticks: performance.now() - ms });

test('what has passed is no less than the ticks say, although the clock was set back', () => {
  expect(elapsedMs(ago(5_000), at('11:00:00'))).toBeGreaterThanOrEqual(5_000);
  expect(elapsedMs(ago(5_000), at('11:00:00'))).toBeLessThan(60_000);
});

test('what has passed is no less than the clock says, although the machine slept and nothing ticked', () => {
  expect(elapsedMs(ago(5), at('12:00:30'))).toBe(30_000);
});

test('a moment is now by both', () => {
  const moment = momentBy(at('12:00:00'));
  expect(moment.at).toEqual(noon);
  expect(elapsedMs(moment, at('12:00:00'))).toBeLessThan(10_000);
});
