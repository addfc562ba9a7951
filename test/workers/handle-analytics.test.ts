import { expect, test } from '@jest/globals';
import { createAnalyticsHandler } from '../../src/workers/handle-analytics.ts';
import { recordedEvent } from '../projections/recorded-event.ts';

function doorbells() {
  const state = { reached: 0n, wakes: 0, woken: [] as (readonly string[])[] };
  const handler = createAnalyticsHandler({
    position: () => Promise.resolve(state.reached),
    wakeProjector: () => (state.wakes += 1),
    wakeJobs: (keys) => state.woken.push(keys),
  });
  const ring = (position: number, ageMs: number) =>
    handler(recordedEvent('CallStarted', { position, kind: 'call', data: {} }), {
      signal: new AbortController().signal,
      attempt: 1,
      isLate: false,
      key: `key-${position}`,
      ageMs,
    });
  return { state, ring };
}

test('a doorbell that the read models have not reached wakes the projector and sleeps by its age', async () => {
  const { state, ring } = doorbells();
  expect(await ring(1, 0)).toEqual({ kind: 'snooze', delayMs: 250 });
  expect(await ring(1, 4_000)).toEqual({ kind: 'snooze', delayMs: 2_000 });
  expect(state.wakes).toBe(2);
  state.reached = 1n;
  expect(await ring(1, 6_000)).toEqual({ kind: 'done' });
  expect(state.wakes).toBe(2);
});

test('the first one to find the read models ahead wakes those that sleep behind the same position, once', async () => {
  const { state, ring } = doorbells();
  for (const position of [1, 2, 3, 9]) await ring(position, 60_000);
  state.reached = 3n;
  expect(await ring(3, 65_000)).toEqual({ kind: 'done' });
  expect(state.woken).toEqual([['key-1', 'key-2']]);
  await ring(1, 65_000);
  expect(state.woken).toHaveLength(1);
  state.reached = 9n;
  await ring(10, 0);
  expect(state.woken).toEqual([['key-1', 'key-2'], ['key-9']]);
});

test('one that sleeps only for a moment comes back by itself', async () => {
  const { state, ring } = doorbells();
  await ring(1, 1_000);
  state.reached = 2n;
  await ring(2, 0);
  expect(state.woken).toEqual([]);
});
