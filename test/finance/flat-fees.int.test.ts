import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { readFlatFees } from '../../src/finance/flat-fees.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { assignPlan, createTenants, definePlan } from './seed.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await createTenants(database.adminPool, ['tnt_a', 'tnt_b']);
  await definePlan(database.adminPool, {
    planId: 'basic',
    currency: 'USD',
    components: [
      { kind: 'flat', amount: '49.50' },
      { kind: 'per_unit', meter: 'call_seconds', unitPrice: '1' },
    ],
    position: 1,
  });
  await definePlan(database.adminPool, {
    planId: 'plus',
    currency: 'USD',
    components: [
      { kind: 'flat', amount: '90' },
      { kind: 'flat', amount: '9.000000000001' },
    ],
    position: 2,
  });
  await definePlan(database.adminPool, {
    planId: 'usage-only',
    currency: 'EUR',
    components: [{ kind: 'per_unit', meter: 'call_seconds', unitPrice: '1' }],
    position: 3,
  });
});
afterAll(() => database.drop());
afterEach(() => database.adminPool.query('truncate hookledger.price_plan_assignments'));

async function assign(tenantId: string, planId: string, validFrom: string, position: number): Promise<void> {
  await assignPlan(database.adminPool, { tenantId, planId, validFrom, position });
}

type Question = { from: string; to: string; now?: string; asOf?: bigint; tenantIds?: string[] };

async function fees({ from, to, now = '2027-01-01T00:00:00Z', asOf = 100n, tenantIds }: Question) {
  const rows = await withReadTransaction(database.pool, {}, (tx) =>
    readFlatFees(tx, {
      range: { from: new Date(from), to: new Date(to) },
      asOf: { position: asOf, recordedAt: new Date(now) },
      tenantIds,
    }),
  );
  return rows.map(({ planId, chargedAt, amount }) => `${planId} ${chargedAt.toISOString().slice(0, 16)} ${amount}`);
}

test('a fee is charged in full where the plan begins, then at the start of each month', async () => {
  await assign('tnt_a', 'basic', '2026-01-20T08:00:00Z', 10);
  expect(await fees({ from: '2026-01-01', to: '2026-04-01' })).toEqual([
    'basic 2026-01-20T08:00 49.5',
    'basic 2026-02-01T00:00 49.5',
    'basic 2026-03-01T00:00 49.5',
  ]);
});

test('ranges are half open and never charge a month twice', async () => {
  await assign('tnt_a', 'basic', '2026-01-01T00:00:00Z', 10);
  const whole = await fees({ from: '2026-01-01', to: '2026-04-01' });
  const parts = [
    ...(await fees({ from: '2026-01-01', to: '2026-01-15' })),
    ...(await fees({ from: '2026-01-15', to: '2026-02-01' })),
    ...(await fees({ from: '2026-02-01', to: '2026-02-01T00:00:01Z' })),
    ...(await fees({ from: '2026-02-01T00:00:01Z', to: '2026-04-01' })),
  ];
  expect(whole).toHaveLength(3);
  expect(parts).toEqual(whole);
});

test('nothing is charged ahead of the time of the answer', async () => {
  await assign('tnt_a', 'basic', '2026-01-10T00:00:00Z', 10);
  expect(await fees({ from: '2026-01-01', to: '2026-12-01', now: '2026-01-09T00:00:00Z' })).toEqual([]);
  expect(await fees({ from: '2026-01-01', to: '2026-12-01', now: '2026-02-01T00:00:00Z' })).toHaveLength(2);
});

test('the assignment that holds is the latest by validity, then the one recorded last', async () => {
  await assign('tnt_a', 'basic', '2026-01-01T00:00:00Z', 10);
  await assign('tnt_a', 'usage-only', '2026-02-01T00:00:00Z', 11);
  await assign('tnt_a', 'plus', '2026-02-01T00:00:00Z', 12);
  expect(await fees({ from: '2026-01-01', to: '2026-03-01' })).toEqual([
    'basic 2026-01-01T00:00 49.5',
    'plus 2026-02-01T00:00 99.000000000001',
  ]);
});

test('a plan that begins within a month is charged beside the one that it follows; coming back costs nothing', async () => {
  await assign('tnt_a', 'basic', '2026-01-01T00:00:00Z', 10);
  await assign('tnt_a', 'plus', '2026-01-10T00:00:00Z', 11);
  await assign('tnt_a', 'basic', '2026-01-20T00:00:00Z', 12);
  expect(await fees({ from: '2026-01-01', to: '2026-02-01' })).toEqual([
    'basic 2026-01-01T00:00 49.5',
    'plus 2026-01-10T00:00 99.000000000001',
  ]);
  expect(await fees({ from: '2026-01-15', to: '2026-02-01' })).toEqual([]);
});

test('an assignment above the position asked for does not count', async () => {
  await assign('tnt_a', 'basic', '2026-01-01T00:00:00Z', 10);
  await assign('tnt_a', 'plus', '2026-01-01T00:00:00Z', 20);
  expect(await fees({ from: '2026-01-01', to: '2026-02-01', asOf: 19n })).toEqual(['basic 2026-01-01T00:00 49.5']);
  expect(await fees({ from: '2026-01-01', to: '2026-02-01', asOf: 9n })).toEqual([]);
});

test('tenants may be picked', async () => {
  await assign('tnt_a', 'basic', '2026-01-01T00:00:00Z', 10);
  await assign('tnt_b', 'plus', '2026-01-01T00:00:00Z', 11);
  expect(await fees({ from: '2026-01-01', to: '2026-02-01', tenantIds: ['tnt_b'] })).toEqual([
    'plus 2026-01-01T00:00 99.000000000001',
  ]);
});
