import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { resolveAsOf } from '../../src/finance/as-of.ts';
import type { AsOfRequest } from '../../src/finance/as-of.ts';
import { readModels, tableOf } from '../../src/finance/read-models.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { noteHistory, standAt } from './seed.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await standAt(database.adminPool, 50, '2026-03-05T00:00:00Z');
  await noteHistory(database.adminPool, 10, '2026-03-01T00:00:00Z');
  await noteHistory(database.adminPool, 30, '2026-03-03T00:00:00Z');
});

const now = new Date('2026-03-10T00:00:00Z');

async function resolve(request: AsOfRequest, tenantId?: string) {
  return withReadTransaction(database.pool, tenantId === undefined ? {} : { tenantId }, async (tx) => {
    const { usage } = await readModels(tx);
    return resolveAsOf(tx, request, { modelPosition: usage.position, now });
  });
}

describe('as_of', () => {
  test('now is where the model stands', async () => {
    expect(await resolve({ kind: 'now' })).toEqual({ position: 50n, recordedAt: now });
  });

  test('a position carries the time at which the log had reached it, for every reader', async () => {
    for (const tenantId of [undefined, 'tnt_a']) {
      expect(await resolve({ kind: 'position', position: 30n }, tenantId)).toEqual({
        position: 30n,
        recordedAt: new Date('2026-03-03T00:00:00Z'),
      });
      expect(await resolve({ kind: 'position', position: 11n }, tenantId)).toMatchObject({
        recordedAt: new Date('2026-03-03T00:00:00Z'),
      });
    }
  });

  test('a time is the position that the log had reached by then, and asking for that position is the same', async () => {
    const byTime = await resolve({ kind: 'time', at: new Date('2026-03-04T12:00:00Z') });
    expect(byTime).toEqual({ position: 30n, recordedAt: new Date('2026-03-03T00:00:00Z') });
    expect(await resolve({ kind: 'position', position: byTime.position })).toEqual(byTime);
    expect(await resolve({ kind: 'time', at: new Date('2026-02-01T00:00:00Z') })).toMatchObject({ position: 0n });
  });

  test('what the model has not folded, or has not come, is refused by name', async () => {
    await expect(resolve({ kind: 'position', position: 51n })).rejects.toThrow(/^as_of: .*stands at 50/);
    await expect(resolve({ kind: 'time', at: new Date('2026-03-11T00:00:00Z') })).rejects.toThrow(/^as_of: .*future/);
    await noteHistory(database.adminPool, 60, '2026-03-06T00:00:00Z');
    await expect(resolve({ kind: 'time', at: new Date('2026-03-07T00:00:00Z') })).rejects.toThrow(/stands at 50/);
  });
});

describe('read models', () => {
  test('stand where their slowest fold range stands, and say how far behind the log that is', async () => {
    const { adminPool, pool } = database;
    await adminPool.query(
      `insert into hookledger.projection_checkpoints (name, version, fold_range_from, fold_range_to, position)
       values ('usage', 1, 32768, 65535, 20)`,
    );
    const { usage, payments } = await withReadTransaction(pool, {}, readModels);
    expect(usage.position).toBe(20n);
    expect(usage.lagSeconds).toBeGreaterThan(0);
    expect(payments).toEqual({ name: 'payments', version: 1, position: 50n, lagSeconds: 0 });
    await adminPool.query('delete from hookledger.projection_checkpoints where fold_range_from = 32768');
  });

  test('are read in the version that is active', async () => {
    const { adminPool, pool } = database;
    await adminPool.query(`update hookledger.projections set state = 'retired' where name = 'invoices'`);
    await expect(withReadTransaction(pool, {}, readModels)).rejects.toThrow(/invoices has no active version/);
    await adminPool.query(`insert into hookledger.projections (name, version, state) values ('invoices', 2, 'active')`);
    await adminPool.query(
      `insert into hookledger.projection_checkpoints (name, version, fold_range_from, fold_range_to)
       values ('invoices', 2, 0, 65535)`,
    );
    const { invoices } = await withReadTransaction(pool, {}, readModels);
    expect(tableOf('invoice_lines', invoices)).toBe('hookledger.invoice_lines_v2');
  });

  test('have tables by whole numbers only', () => {
    expect(() => tableOf('usage_lines', { version: 1.5 })).toThrow(RangeError);
    expect(() => tableOf('usage_lines', { version: 0 })).toThrow(RangeError);
  });
});

test('a read transaction writes nothing', async () => {
  await expect(
    withReadTransaction(database.pool, {}, (tx) => tx.query('update hookledger.high_water_mark set position = 0')),
  ).rejects.toThrow(/read-only/);
  expect(await withReadTransaction(database.pool, {}, async () => 'still usable')).toBe('still usable');
});
