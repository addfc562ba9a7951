import { expect, test } from '@jest/globals';
import { createLogger } from '../../src/platform/logger.ts';
import { closeInOrder, WorkCutError } from '../../src/platform/shutdown.ts';

const logger = createLogger({ level: 'silent' });

test('components close one after the other, also behind one that fails', async () => {
  const closed: string[] = [];
  const close = (name: string) => ({ name, close: async () => void closed.push(name) });
  const failing = { name: 'failing', close: () => Promise.reject(new Error('stuck')) };
  expect(await closeInOrder([close('server'), failing, close('pool')], { deadlineMs: 10_000, logger })).toBe(false);
  expect(closed).toEqual(['server', 'pool']);
});

test('those of one stage close at once, and the next stage waits for all of them', async () => {
  const closed: string[] = [];
  const second = Promise.withResolvers<void>();
  const stage = [
    { name: 'waits for its neighbour', close: () => second.promise.then(() => void closed.push('first')) },
    { name: 'neighbour', close: async () => second.resolve() },
  ];
  const last = { name: 'pool', close: async () => void closed.push('pool') };
  expect(await closeInOrder([stage, last], { deadlineMs: 10_000, logger })).toBe(true);
  expect(closed).toEqual(['first', 'pool']);
});

test('a component that never closes is left at the deadline, and the rest is still closed', async () => {
  let isPoolClosed = false;
  const hanging = { name: 'hanging', close: () => new Promise<void>(() => {}) };
  const pool = { name: 'pool', close: async () => void (isPoolClosed = true) };
  expect(await closeInOrder([hanging, pool], { deadlineMs: 10, logger })).toBe(false);
  expect(isPoolClosed).toBe(true);
});

test('each is told how much time is left, and what was cut off is named in the log', async () => {
  const lines: Record<string, unknown>[] = [];
  const logged = createLogger({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const left: number[] = [];
  const patient = { name: 'patient', close: async (leftMs: number) => void left.push(leftMs) };
  const cut = { name: 'worker', close: () => Promise.reject(new WorkCutError('2 jobs were cut off.')) };
  expect(await closeInOrder([patient, cut], { deadlineMs: 10_000, logger: logged })).toBe(false);
  expect(left[0]).toBeLessThanOrEqual(10_000);
  expect(left[0]).toBeGreaterThan(0);
  expect(lines).toEqual([
    expect.objectContaining({ component: 'worker', err: expect.objectContaining({ message: '2 jobs were cut off.' }) }),
  ]);
});

test('a clean shutdown says so', async () => {
  expect(await closeInOrder([{ name: 'pool', close: async () => {} }], { deadlineMs: 10_000, logger })).toBe(true);
});
