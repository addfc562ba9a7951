import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
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
  await definePlan(database.adminPool, {
    planId: 'fees',
    currency: 'USD',
    components: [
      { kind: 'minimum', amount: '5' },
      { kind: 'recurring', name: 'Seat', amount: '7', interval: 'month' },
      { kind: 'recurring', name: 'Support', amount: '30', interval: 'quarter' },
      { kind: 'recurring', name: 'Licence', amount: '100', interval: 'year' },
    ],
    position: 4,
  });
});
afterAll(() => database.drop());
afterEach(() => database.adminPool.query('truncate hookledger.price_plan_assignments'));

async function assign(
  tenantId: string,
  planId: string,
  validFrom: string,
  position: number,
  late: { assignedAt?: string; reprice?: boolean } = {},
): Promise<void> {
  await assignPlan(database.adminPool, { tenantId, planId, validFrom, position, ...late });
}

type Question = { from: string; to: string; now?: string; asOf?: bigint; tenantIds?: string[]; tz?: string };

async function read({ from, to, now = '2028-01-01T00:00:00Z', asOf = 100n, tenantIds, tz }: Question) {
  return withReadTransaction(database.pool, {}, (tx) =>
    readFlatFees(tx, {
      tz,
      range: { from: new Date(from), to: new Date(to) },
      asOf: { position: asOf, recordedAt: new Date(now) },
      tenantIds,
    }),
  );
}

async function fees(question: Question) {
  const rows = await read(question);
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
    'plus 2026-02-01T00:00 90',
    'plus 2026-02-01T00:00 9.000000000001',
  ]);
});

test('a plan that begins within a month is charged beside the one that it follows; coming back costs nothing', async () => {
  await assign('tnt_a', 'basic', '2026-01-01T00:00:00Z', 10);
  await assign('tnt_a', 'plus', '2026-01-10T00:00:00Z', 11);
  await assign('tnt_a', 'basic', '2026-01-20T00:00:00Z', 12);
  expect(await fees({ from: '2026-01-01', to: '2026-02-01' })).toEqual([
    'basic 2026-01-01T00:00 49.5',
    'plus 2026-01-10T00:00 90',
    'plus 2026-01-10T00:00 9.000000000001',
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
    'plus 2026-01-01T00:00 90',
    'plus 2026-01-01T00:00 9.000000000001',
  ]);
});

test('a fee names its component, and the events that it comes of', async () => {
  await assign('tnt_a', 'fees', '2026-01-01T00:00:00Z', 10);
  const rows = await read({ from: '2026-01-01', to: '2026-02-01' });
  expect(rows.map(({ componentNo, name, interval, amount }) => [componentNo, name, interval, amount])).toEqual([
    [1, 'Seat', 'month', '7'],
    [2, 'Support', 'quarter', '30'],
    [3, 'Licence', 'year', '100'],
  ]);
  expect(rows).toMatchObject([{ assignmentPosition: '10', planPosition: '4', tenantId: 'tnt_a' }, {}, {}]);
  await assign('tnt_b', 'plus', '2026-01-01T00:00:00Z', 11);
  const [flat] = await read({ from: '2026-01-01', to: '2026-02-01', tenantIds: ['tnt_b'] });
  expect(flat).toMatchObject({ componentNo: 0, name: 'Monthly fee', interval: 'month' });
});

test('a recurring fee is charged where the plan begins, then at the start of each of its intervals', async () => {
  await assign('tnt_a', 'fees', '2026-11-20T08:00:00Z', 10);
  const named = async (from: string, to: string) => {
    const rows = await read({ from, to });
    return rows
      .filter(({ interval }) => interval !== 'month')
      .map(({ name, chargedAt }) => `${name} ${chargedAt.toISOString().slice(0, 16)}`);
  };
  const expected = [
    'Support 2026-11-20T08:00',
    'Licence 2026-11-20T08:00',
    'Support 2027-01-01T00:00',
    'Licence 2027-01-01T00:00',
    'Support 2027-04-01T00:00',
    'Support 2027-07-01T00:00',
  ];
  expect(await named('2026-11-01', '2027-08-01')).toEqual(expected);
  const parts = [
    ...(await named('2026-11-01', '2026-12-15')),
    ...(await named('2026-12-15', '2027-01-01')),
    ...(await named('2027-01-01', '2027-03-10')),
    ...(await named('2027-03-10', '2027-08-01')),
  ];
  expect(parts).toEqual(expected);
});

test('leaving a plan and coming back within an interval is charged once', async () => {
  await assign('tnt_a', 'fees', '2026-01-01T00:00:00Z', 10);
  await assign('tnt_a', 'usage-only', '2026-02-01T00:00:00Z', 11);
  await assign('tnt_a', 'fees', '2026-03-01T00:00:00Z', 12);
  const rows = await read({ from: '2026-01-01', to: '2027-01-01' });
  const starts = (name: string) =>
    rows.filter((row) => row.name === name).map(({ chargedAt }) => chargedAt.getUTCMonth() + 1);
  expect(starts('Seat')).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(starts('Support')).toEqual([1, 4, 7, 10]);
  expect(starts('Licence')).toEqual([1]);
});

test('intervals begin in the zone that is asked for', async () => {
  await assign('tnt_a', 'basic', '2026-01-01T00:00:00Z', 10);
  const question = { from: '2026-02-28T12:00:00Z', to: '2026-05-01', tz: 'Europe/Berlin' };
  expect(await fees(question)).toEqual([
    'basic 2026-02-28T23:00 49.5',
    'basic 2026-03-31T22:00 49.5',
    'basic 2026-04-30T22:00 49.5',
  ]);
});

describe('a plan that is assigned later, for a time that had passed', () => {
  const assignedAt = '2026-03-20T12:00:00Z';

  test('is charged from its beginning where there was none', async () => {
    await assign('tnt_a', 'basic', '2026-02-10T00:00:00Z', 10, { assignedAt });
    expect(await fees({ from: '2026-01-01', to: '2026-05-01' })).toEqual([
      'basic 2026-02-10T00:00 49.5',
      'basic 2026-03-01T00:00 49.5',
      'basic 2026-04-01T00:00 49.5',
    ]);
  });

  test('leaves fees of before alone, and begins when it was assigned', async () => {
    await assign('tnt_a', 'basic', '2026-01-01T00:00:00Z', 10);
    await assign('tnt_a', 'plus', '2026-02-10T00:00:00Z', 11, { assignedAt });
    expect(await fees({ from: '2026-01-01', to: '2026-05-01' })).toEqual([
      'basic 2026-01-01T00:00 49.5',
      'basic 2026-02-01T00:00 49.5',
      'basic 2026-03-01T00:00 49.5',
      'plus 2026-03-20T12:00 90',
      'plus 2026-03-20T12:00 9.000000000001',
      'plus 2026-04-01T00:00 90',
      'plus 2026-04-01T00:00 9.000000000001',
    ]);
  });

  test('takes over fees of before if it says reprice', async () => {
    await assign('tnt_a', 'basic', '2026-01-01T00:00:00Z', 10);
    await assign('tnt_a', 'plus', '2026-03-01T00:00:00Z', 11, { assignedAt, reprice: true });
    expect(await fees({ from: '2026-02-01', to: '2026-04-01' })).toEqual([
      'basic 2026-02-01T00:00 49.5',
      'plus 2026-03-01T00:00 90',
      'plus 2026-03-01T00:00 9.000000000001',
    ]);
    expect(await fees({ from: '2026-02-01', to: '2026-04-01', asOf: 10n })).toEqual([
      'basic 2026-02-01T00:00 49.5',
      'basic 2026-03-01T00:00 49.5',
    ]);
  });
});
