import { expect, test } from '@jest/globals';
import { createLogger } from '../../src/platform/logger.ts';
import { closeInOrder } from '../../src/platform/shutdown.ts';

const logger = createLogger({ level: 'silent' });

test('components close one after the other, also behind one that fails', async () => {
  const closed: string[] = [];
  const close = (name: string) => ({ name, close: async () => void closed.push(name) });
  const failing = { name: 'failing', close: () => Promise.reject(new Error('stuck')) };
  expect(await closeInOrder([close('server'), failing, close('pool')], { deadlineMs: 10_000, logger })).toBe(false);
  expect(closed).toEqual(['server', 'pool']);
});

test('a component that never closes is left at the deadline, and the rest is still closed', async () => {
  let isPoolClosed = false;
  const hanging = { name: 'hanging', close: () => new Promise<void>(() => {}) };
  const pool = { name: 'pool', close: async () => void (isPoolClosed = true) };
  expect(await closeInOrder([hanging, pool], { deadlineMs: 10, logger })).toBe(false);
  expect(isPoolClosed).toBe(true);
});

test('a clean shutdown says so', async () => {
  expect(await closeInOrder([{ name: 'pool', close: async () => {} }], { deadlineMs: 10_000, logger })).toBe(true);
});
