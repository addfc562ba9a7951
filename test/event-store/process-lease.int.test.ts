import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createProcessLease } from '../../src/event-store/process-lease.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { withWallClock } from '../support/wall-clock.ts';

const AN_HOUR_MS = 3_600_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const leaseOf = (owner: string, seconds: number) =>
  createProcessLease({ pool: database.pool, name: 'retention', owner, seconds });

test('is held by one process until that gives it back', async () => {
  const [one, other] = [leaseOf('one', 60), leaseOf('other', 60)];
  expect(await one.hold()).toBe(true);
  expect(await one.hold()).toBe(true);
  expect(await other.hold()).toBe(false);
  await one.release();
  await one.release();
  expect(await other.hold()).toBe(true);
  await other.release();
});

test.each([
  ['ahead while it is taken', AN_HOUR_MS, 0],
  ['back after it was taken', 0, -AN_HOUR_MS],
])('is given up in its time by a holder whose wall clock is set an hour %s', async (_when, taking, holding) => {
  const [one, other] = [leaseOf('one', 1), leaseOf('other', 60)];
  expect(await withWallClock(taking, () => one.hold())).toBe(true);
  await withWallClock(holding, async () => {
    await eventually(async () => expect(await other.hold()).toBe(true));
    await eventually(async () => expect(await one.hold()).toBe(false));
  });
  await other.release();
});
