import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import type { AggregateComponent } from '../../src/domain/pricing.ts';
import { rateAggregate } from '../../src/domain/rate-aggregate.ts';
import { readAggregateAllocation } from '../../src/finance/aggregate-allocation.ts';
import { readModels } from '../../src/finance/read-models.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { listWindowStarts, resolveRange } from '../../src/finance/time-range.ts';
import type { Window } from '../../src/finance/time-range.ts';
import { readUsage } from '../../src/finance/usage.ts';
import type { UsageGroup } from '../../src/finance/usage.ts';
import { readUsageAllocation } from '../../src/finance/usage-allocation.ts';
import type { FigureFilter } from '../../src/finance/usage-source.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { definePlan, setUsageLines, standAt } from './seed.ts';
import type { UsageLineSeed } from './seed.ts';

const graduated: AggregateComponent = {
  kind: 'graduated',
  meter: 'call_seconds',
  tiers: [
    { upTo: '100', unitPrice: '0.03' },
    { upTo: null, unitPrice: '0.01', flatFee: '1' },
  ],
};
const packages: AggregateComponent = { kind: 'package', meter: 'chats', size: '10', price: '4' };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const components = [{ kind: 'flat' as const, amount: '1' }, graduated, packages];
  await definePlan(database.adminPool, { planId: 'tiers', currency: 'USD', components, position: 1 });
  await definePlan(database.adminPool, { planId: 'euro', currency: 'EUR', components, position: 2 });
});
afterAll(() => database.drop());

const used = (occurredAt: string, quantity: string, options: UsageLineSeed = {}): UsageLineSeed => ({
  occurredAt,
  quantity,
  planId: 'tiers',
  pricedBy: 'aggregate',
  componentNo: 1,
  ...options,
});

type Question = { from: string; to: string; tz?: string; asOf?: bigint; filter?: Partial<FigureFilter> };

async function withQuestion<T>(
  { from, to, tz = 'UTC', asOf: position, filter }: Question,
  ask: (query: {
    tx: Parameters<typeof readModels>[0];
    model: Awaited<ReturnType<typeof readModels>>['usage'];
    filter: FigureFilter;
    tz: string;
  }) => Promise<T>,
): Promise<T> {
  return withReadTransaction(database.pool, {}, async (tx) => {
    const { usage: model } = await readModels(tx);
    const range = await resolveRange(tx, { from: { date: from }, to: { date: to }, tz, now: new Date() });
    const asOf = { position: position ?? model.position, recordedAt: new Date() };
    return ask({ tx, model, filter: { mode: 'live', range, asOf, ...filter }, tz });
  });
}

async function allocated(question: Question) {
  const days = await withQuestion(question, ({ tx, ...query }) => readAggregateAllocation(tx, query));
  return days.map(({ tenantId, provider, day, quantity, allocated: { amount, currency } }) =>
    [tenantId, provider, day.toISOString().slice(0, 16), quantity, amount, currency].join(' '),
  );
}

describe("a month's charge", () => {
  test('is allocated to its days by what was used, over all providers', async () => {
    await setUsageLines(database.adminPool, [
      used('2026-03-01T10:00:00Z', '60'),
      used('2026-03-01T11:00:00Z', '30', { provider: 'twilio' }),
      used('2026-03-20T11:00:00Z', '60'),
      used('2026-04-01T00:00:00Z', '10'),
    ]);
    await standAt(database.adminPool, 10);
    // 100 at 0.03, 50 at 0.01, and the fee of the second tier: 4.5 for 150.
    expect(await allocated({ from: '2026-03-01', to: '2026-04-01' })).toEqual([
      'tnt_a retell 2026-03-01T00:00 60 1.8 USD',
      'tnt_a twilio 2026-03-01T00:00 30 0.9 USD',
      'tnt_a retell 2026-03-20T00:00 60 1.8 USD',
    ]);
    // The month is rated whole, whatever part of it is asked for.
    expect(await allocated({ from: '2026-03-10', to: '2026-04-02' })).toEqual([
      'tnt_a retell 2026-03-20T00:00 60 1.8 USD',
      'tnt_a retell 2026-04-01T00:00 10 0.3 USD',
    ]);
  });

  test('is of the position that is asked for, of live usage of our books, and of the tenants asked for', async () => {
    await setUsageLines(database.adminPool, [
      used('2026-03-01T10:00:00Z', '10'),
      used('2026-03-02T10:00:00Z', '10'),
      used('2026-03-03T10:00:00Z', '7', { mode: 'test' }),
      used('2026-03-03T10:00:00Z', '7', { books: 'tenant' }),
      used('2026-03-03T10:00:00Z', '7', { planId: 'tiers', pricedBy: 'fact', componentNo: 1 }),
      used('2026-03-03T10:00:00Z', '5', { tenantId: 'tnt_b', planId: 'euro' }),
      used('2026-03-01T10:00:00Z', '-10'),
    ]);
    await standAt(database.adminPool, 10);
    const question = { from: '2026-03-01', to: '2026-04-01' };
    expect(await allocated({ ...question, asOf: 1n })).toEqual(['tnt_a retell 2026-03-01T00:00 10 0.3 USD']);
    expect(await allocated({ ...question, filter: { tenantIds: ['tnt_a'] } })).toEqual([
      'tnt_a retell 2026-03-02T00:00 10 0.3 USD',
    ]);
    expect(await allocated({ ...question, filter: { tenantIds: ['tnt_b'] } })).toEqual([
      'tnt_b retell 2026-03-03T00:00 5 0.15 EUR',
    ]);
  });

  test('is of months and days of the zone that is asked for', async () => {
    await setUsageLines(database.adminPool, [
      used('2026-03-31T21:30:00Z', '50'),
      used('2026-03-31T22:30:00Z', '150'),
      used('2026-04-30T21:59:59Z', '50'),
      used('2026-04-30T22:00:00Z', '1'),
    ]);
    await standAt(database.adminPool, 10);
    expect(await allocated({ from: '2026-04-01', to: '2026-05-01', tz: 'Europe/Berlin' })).toEqual([
      'tnt_a retell 2026-03-31T22:00 150 3.75 USD',
      'tnt_a retell 2026-04-29T22:00 50 1.25 USD',
    ]);
  });

  test('gives a day that goes against the month nothing', async () => {
    await setUsageLines(database.adminPool, [used('2026-03-01T10:00:00Z', '-10'), used('2026-03-02T10:00:00Z', '30')]);
    await standAt(database.adminPool, 10);
    expect(await allocated({ from: '2026-03-01', to: '2026-04-01' })).toEqual([
      'tnt_a retell 2026-03-01T00:00 -10 0 USD',
      'tnt_a retell 2026-03-02T00:00 30 0.6 USD',
    ]);
  });

  test('is what its days add up to, exactly, whatever was used when', async () => {
    const line = fc.record({
      day: fc.integer({ min: 1, max: 28 }),
      month: fc.constantFrom('02', '03'),
      hour: fc.integer({ min: 0, max: 23 }),
      provider: fc.constantFrom('retell', 'twilio'),
      meter: fc.constantFrom('call_seconds', 'chats'),
      quantity: fc.constantFrom('0', '1', '7', '33.333333333333333', '120', '0.000000000000001'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        await setUsageLines(
          database.adminPool,
          lines.map(({ day, month, hour, provider, meter, quantity }) =>
            used(`2026-${month}-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00Z`, quantity, {
              provider,
              meter,
              componentNo: meter === 'chats' ? 2 : 1,
            }),
          ),
        );
        await standAt(database.adminPool, 20);
        const question = { from: '2026-02-01', to: '2026-04-01' };
        const days = await withQuestion(question, ({ tx, ...query }) => readAggregateAllocation(tx, query));
        const sum = (amounts: readonly string[]) => formatDecimal(amounts.map(parseDecimal).reduce(addDecimals, ZERO));
        for (const [month, meter, component] of [
          ['02', 'call_seconds', graduated],
          ['03', 'call_seconds', graduated],
          ['02', 'chats', packages],
          ['03', 'chats', packages],
        ] as const) {
          const total = sum(
            lines.filter((each) => each.month === month && each.meter === meter).map(({ quantity }) => quantity),
          );
          const shares = days.filter(
            (each) => each.meter === meter && each.day.toISOString().startsWith(`2026-${month}`),
          );
          expect(sum(shares.map(({ allocated: { amount } }) => amount))).toBe(rateAggregate(component, total).exact);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('rows of usage', () => {
  async function rows(question: Question & { window: Window; groupBy: readonly UsageGroup[] }) {
    const { window, groupBy } = question;
    return withQuestion(question, async ({ tx, model, filter, tz }) => {
      const windowStarts = await listWindowStarts(tx, filter.range, tz, window);
      const source = { model, from: 'lines' as const };
      const found = await readUsage(tx, { source, filter, windowStarts, groupBy, limit: 100 });
      const allocation = await readUsageAllocation(tx, { model, filter, tz, window, windowStarts, groupBy });
      return (
        allocation && [
          ...found.map(({ key, quantity }) => [...key.slice(0, 4), quantity, allocation.of(key)]),
          ['total', allocation.total],
        ]
      );
    });
  }

  beforeAll(async () => {
    await setUsageLines(database.adminPool, [
      used('2026-03-01T10:00:00Z', '60'),
      used('2026-03-01T11:00:00Z', '30', { provider: 'twilio' }),
      used('2026-03-20T11:00:00Z', '60'),
      used('2026-03-20T11:00:00Z', '60', { tenantId: 'tnt_b', planId: 'euro' }),
      used('2026-03-21T11:00:00Z', '15', { componentNo: 2, meter: 'chats', unit: 'chat' }),
    ]);
    await standAt(database.adminPool, 10);
  });
  const march = { from: '2026-03-01', to: '2026-04-01' };

  test('have the shares of their days, windows and groups', async () => {
    const byDay = await rows({ ...march, window: 'day', groupBy: ['tenant_id', 'provider', 'meter'] });
    expect(byDay).toEqual([
      [0, 'tnt_a', 'retell', 'call_seconds', '60', [{ amount: '1.8', currency: 'USD' }]],
      [0, 'tnt_a', 'twilio', 'call_seconds', '30', [{ amount: '0.9', currency: 'USD' }]],
      [19, 'tnt_a', 'retell', 'call_seconds', '60', [{ amount: '1.8', currency: 'USD' }]],
      [19, 'tnt_b', 'retell', 'call_seconds', '60', [{ amount: '1.8', currency: 'EUR' }]],
      [20, 'tnt_a', 'retell', 'chats', '15', [{ amount: '8', currency: 'USD' }]],
      [
        'total',
        [
          { amount: '1.8', currency: 'EUR' },
          { amount: '12.5', currency: 'USD' },
        ],
      ],
    ]);
    const byMonth = await rows({ ...march, window: 'month', groupBy: [], filter: { meters: ['call_seconds'] } });
    const both = [
      { amount: '1.8', currency: 'EUR' },
      { amount: '4.5', currency: 'USD' },
    ];
    expect(byMonth).toEqual([
      [0, '', '', '', '210', both],
      ['total', both],
    ]);
  });

  test('have none where windows are parts of days', async () => {
    expect(await rows({ ...march, window: 'hour', groupBy: [] })).toBeUndefined();
    const range = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-03-31T12:00:00Z') };
    expect(await rows({ ...march, window: 'day', groupBy: [], filter: { range } })).toBeUndefined();
  });
});
