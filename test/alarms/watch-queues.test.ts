import { expect, test } from '@jest/globals';
import type { QueueLook } from '../../src/alarms/readings.ts';
import { createQueueWatch } from '../../src/alarms/watch-queues.ts';

function look(waiting: number | undefined, lastEndedSeconds?: number): readonly QueueLook[] {
  const depth = waiting === undefined ? undefined : { waiting, active: 0, delayed: 0 };
  return [{ queue: 'notifications', depth, lastEndedSeconds }];
}

function watch(...looks: readonly (readonly [second: number, look: readonly QueueLook[]])[]): readonly number[] {
  const see = createQueueWatch();
  return looks.flatMap(([second, each]) => see(each, second * 1_000).map(({ stalledSeconds }) => stalledSeconds));
}

test('a job that waits at the first look stalls nothing, however long ago the last one ended', () => {
  expect(watch([1_000, look(1)])).toEqual([0]);
});

test('jobs that wait while none ends stall the queue from the first look on', () => {
  expect(watch([1_000, look(1)], [1_030, look(5)], [1_090, look(5)])).toEqual([0, 30, 90]);
});

test('a job that ends starts the time again', () => {
  expect(watch([1_000, look(9)], [1_030, look(9, 10)], [1_050, look(9, 30)])).toEqual([0, 10, 30]);
});

test('an empty queue, and one that does not answer, are not stalled, and forget what was before', () => {
  expect(watch([1_000, look(1)], [1_060, look(0)], [1_070, look(1)])).toEqual([0, 0, 0]);
  expect(watch([1_000, look(1)], [1_060, look(undefined)], [1_070, look(1)])).toEqual([0, 0, 0]);
});
