import { expect, test } from '@jest/globals';
import { uuidv7 } from '../../src/platform/ids.ts';

test('an id is a UUID of version 7 that begins with its time', () => {
  const id = uuidv7(new Date('2026-11-24T00:00:00.000Z'));
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(Date.parse('2026-11-24T00:00:00.000Z'));
});

test('ids of later milliseconds sort behind earlier ones', () => {
  const ids = [1, 2, 3, 1_000_000].map((ms) => uuidv7(new Date(ms)));
  expect(ids.toSorted()).toEqual(ids);
});

test('ids of one instant differ', () => {
  const at = new Date();
  expect(new Set(Array.from({ length: 1000 }, () => uuidv7(at))).size).toBe(1000);
});
