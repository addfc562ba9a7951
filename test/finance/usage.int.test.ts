import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import type { AdditiveAggregation } from '../../src/domain/meters.ts';
import { readCosts, readCostTotals } from '../../src/finance/costs.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { readModels } from '../../src/finance/read-models.ts';
import { listWindowStarts, resolveRange } from '../../src/finance/time-range.ts';
import type { Window } from '../../src/finance/time-range.ts';
import { readUsage, readUsageTotals } from '../../src/finance/usage.ts';
import type { UsageGroup, UsageRow } from '../../src/finance/usage.ts';
import { chooseUsageSource } from '../../src/finance/usage-source.ts';
import type { FigureFilter, UsageSource } from '../../src/finance/usage-source.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { setUsageLines, standAt } from './seed.ts';
import type { UsageLineSeed } from './seed.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

type Question = Readonly<{
  from: string;
  to: string;
  tz?: string;
  window?: Window;
  groupBy?: readonly UsageGroup[];
  source?: UsageSource['from'];
  asOf?: bigint;
  aggregation?: AdditiveAggregation;
  filter?: Partial<FigureFilter>;
}>;

async function ask(question: Question) {
  const { from, to, tz = 'UTC', window = 'day', groupBy = ['tenant_id', 'provider', 'meter'] } = question;
  return withReadTransaction(database.pool, {}, async (tx) => {
    const { usage: model } = await readModels(tx);
    const range = await resolveRange(tx, { from: { date: from }, to: { date: to }, tz, now: new Date() });
    const windowStarts = await listWindowStarts(tx, range, tz, window);
    const asOf = { position: question.asOf ?? model.position, recordedAt: new Date() };
    const query = {
      source: { model, from: question.source ?? 'lines' } as const,
      filter: { mode: 'live' as const, range, asOf, ...question.filter },
      windowStarts,
      limit: 10_000,
      ...(question.aggregation && { aggregation: question.aggregation }),
    };
    const costGroups = groupBy.map((group) => (group === 'meter' ? 'component' : group));
    return {
      rows: await readUsage(tx, { ...query, groupBy }),
      totals: await readUsageTotals(tx, query),
      costs: await readCosts(tx, { ...query, groupBy: costGroups }),
      costTotals: await readCostTotals(tx, query),
    };
  });
}

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Pacific/Chatham',
  'Australia/Lord_Howe',
  'Atlantic/Azores',
  'America/Havana',
];
/** Around the days on which the clocks of those zones change. */
const months = [
  { from: '2026-03-01', to: '2026-04-10' },
  { from: '2026-10-01', to: '2026-11-10' },
] as const;

const lineOf = ({ from, to }: (typeof months)[number]): fc.Arbitrary<UsageLineSeed> =>
  fc
    .record({
      minutes: fc.oneof(
        fc.integer({ min: 0, max: (Date.parse(to) - Date.parse(from)) / 60_000 }),
        // The night of the first of November, when the clocks of New York and Havana go back.
        fc.integer({ min: 31 * 24 * 60, max: 31.5 * 24 * 60 }).map((minutes) => minutes + 720),
      ),
      tenantId: fc.constantFrom('tnt_a', 'tnt_b', 'unassigned'),
      provider: fc.constantFrom('retell', 'twilio'),
      meter: fc.constantFrom('call_seconds', 'chats'),
      mode: fc.constantFrom('live' as const, 'live' as const, 'test' as const),
      books: fc.constantFrom('platform' as const, 'platform' as const, 'tenant' as const),
      cents: fc.integer({ min: -5_000, max: 100_000 }),
      currency: fc.constantFrom('USD', 'EUR'),
      isCost: fc.boolean(),
    })
    .map(({ minutes, cents, currency, isCost, meter, ...line }) => {
      const amount = formatDecimal({ units: BigInt(cents), scale: 3 });
      return {
        ...line,
        meter,
        kind: isCost ? 'cost' : 'usage',
        unit: meter === 'chats' ? 'chat' : 'second',
        occurredAt: new Date(Date.parse(from) + minutes * 60_000 - 43_200_000).toISOString(),
        quantity: isCost ? '0' : amount,
        cost: isCost ? amount : '0',
        costCurrency: isCost ? currency : '',
        rated: amount,
        ratedCurrency: currency,
      };
    });

const histories = fc
  .constantFrom(...months)
  .chain((month) =>
    fc.record({ month: fc.constant(month), lines: fc.array(lineOf(month), { minLength: 1, maxLength: 60 }) }),
  );

function sumOf(texts: readonly string[]): string {
  return formatDecimal(texts.map(parseDecimal).reduce(addDecimals, ZERO));
}

function quantityByUnit(rows: readonly UsageRow[]): Record<string, string> {
  const units = [...new Set(rows.map(({ key }) => key[4]))].toSorted();
  return Object.fromEntries(
    units.map((unit) => [unit, sumOf(rows.filter(({ key }) => key[4] === unit).map(({ quantity }) => quantity))]),
  );
}

describe('usage and costs', () => {
  test('are the same from sums and from lines, in every zone and window', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.constantFrom(...zones),
        fc.constantFrom<Window>('hour', 'day', 'week', 'month', 'none'),
        fc.subarray<UsageGroup>(['tenant_id', 'provider', 'meter']),
        fc.constantFrom<AdditiveAggregation>('sum', 'count'),
        async ({ month, lines }, tz, window, groupBy, aggregation) => {
          await setUsageLines(database.adminPool, lines);
          await standAt(database.adminPool, lines.length);
          const question = { ...month, tz, window, groupBy, aggregation };
          expect(await ask({ ...question, source: 'sums' })).toEqual(await ask({ ...question, source: 'lines' }));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('of the single days add up to the range, for every grouping', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.constantFrom(...zones),
        fc.constantFrom<Window>('hour', 'day', 'week'),
        fc.subarray<UsageGroup>(['tenant_id', 'provider', 'meter']),
        async ({ month, lines }, tz, window, groupBy) => {
          await setUsageLines(database.adminPool, lines);
          await standAt(database.adminPool, lines.length);
          const parts = await ask({ ...month, tz, window, groupBy, source: 'sums' });
          const whole = await ask({ ...month, tz, window: 'none', groupBy: [], source: 'sums' });
          expect(quantityByUnit(parts.rows.filter(({ quantity }) => quantity !== '0'))).toEqual(
            quantityByUnit(whole.rows.filter(({ quantity }) => quantity !== '0')),
          );
          expect(parts.totals).toEqual(whole.totals);
          for (const { amount, currency } of whole.costTotals.cost) {
            expect(sumOf(parts.costs.filter(({ key }) => key[5] === currency).map(({ cost }) => cost))).toBe(amount);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('fall on the local day on which they happened', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.constantFrom(...zones), async ({ month, lines }, tz) => {
        await setUsageLines(database.adminPool, lines);
        await standAt(database.adminPool, lines.length);
        const { rows } = await ask({ ...month, tz, groupBy: [], source: 'sums' });
        const local = new Intl.DateTimeFormat('en-CA', { timeZone: tz, dateStyle: 'short' });
        const expected = new Map<string, string>();
        for (const line of lines) {
          const date = local.format(new Date(line.occurredAt ?? ''));
          if (line.kind !== 'usage' || line.mode !== 'live' || line.books !== 'platform') continue;
          if (date < month.from || date >= month.to) continue;
          const key = `${date} ${line.unit}`;
          expected.set(key, sumOf([expected.get(key) ?? '0', line.quantity ?? '0']));
        }
        const shown = rows.map(({ key: [day, , , , unit], quantity }) => {
          const date = new Date(Date.parse(month.from) + day * 86_400_000).toISOString().slice(0, 10);
          return [`${date} ${unit}`, quantity] as const;
        });
        expect(new Map(shown)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('as of a position are made of the lines up to it, whatever came after', async () => {
    const first = { occurredAt: '2026-03-10T10:00:00Z', quantity: '60', position: 5 };
    const correction = { occurredAt: '2026-03-10T10:00:00Z', quantity: '-20', facts: 0, position: 9 };
    await setUsageLines(database.adminPool, [first, correction]);
    await standAt(database.adminPool, 20);
    const march = { from: '2026-03-01', to: '2026-04-01' };
    const at = async (asOf: bigint) => (await ask({ ...march, asOf })).rows.map(({ quantity }) => quantity);
    expect(await at(4n)).toEqual([]);
    expect(await at(5n)).toEqual(['60']);
    expect(await at(8n)).toEqual(['60']);
    expect(await at(9n)).toEqual(['40']);
    expect(await at(20n)).toEqual(['40']);
  });

  test('keep currencies, units, modes and books apart', async () => {
    await setUsageLines(database.adminPool, [
      { kind: 'cost', meter: 'llm', unit: 'call', cost: '0.1', costCurrency: 'USD', quantity: '1' },
      { kind: 'cost', meter: 'llm', unit: 'call', cost: '0.2', costCurrency: 'USD', quantity: '1' },
      { kind: 'cost', meter: 'llm', unit: 'call', cost: '0.3', costCurrency: 'EUR', quantity: '1' },
      { kind: 'cost', meter: 'llm', unit: 'call', cost: '7', costCurrency: 'USD', mode: 'test' },
      { kind: 'cost', meter: 'llm', unit: 'call', cost: '9', costCurrency: 'USD', books: 'tenant' },
      { quantity: '10', rated: '1.10', ratedCurrency: 'USD' },
      { quantity: '10', rated: '2.2', ratedCurrency: 'EUR' },
      { quantity: '2', unit: 'chat', meter: 'chats', unpriced: 1, uncosted: 1 },
    ]);
    await standAt(database.adminPool, 20);
    const { rows, costs, costTotals, totals } = await ask({ from: '2026-03-01', to: '2026-04-01', window: 'none' });
    expect(costs.map(({ cost, key }) => [cost, key[5]])).toEqual([
      ['0.3', 'EUR'],
      ['0.3', 'USD'],
    ]);
    expect(costTotals).toEqual({
      cost: [
        { amount: '0.3', currency: 'EUR' },
        { amount: '0.3', currency: 'USD' },
      ],
      estimated: [],
    });
    expect(rows).toEqual([
      {
        key: [0, 'tnt_a', 'retell', 'call_seconds', 'second'],
        quantity: '20',
        facts: '2',
        lines: '2',
        rated: [
          { amount: '2.2', currency: 'EUR' },
          { amount: '1.1', currency: 'USD' },
        ],
        unpriced: '0',
        uncosted: '0',
      },
      {
        key: [0, 'tnt_a', 'retell', 'chats', 'chat'],
        quantity: '2',
        facts: '1',
        lines: '1',
        rated: [],
        unpriced: '1',
        uncosted: '1',
      },
    ]);
    expect(totals.quantities).toEqual([
      { unit: 'chat', quantity: '2' },
      { unit: 'second', quantity: '20' },
    ]);
    const count = await ask({ from: '2026-03-01', to: '2026-04-01', window: 'none', aggregation: 'count' });
    expect(count.rows.map(({ quantity, facts }) => [quantity, facts])).toEqual([
      ['2', '2'],
      ['1', '1'],
    ]);
    expect(count.totals.quantities).toEqual([
      { unit: 'chat', quantity: '1' },
      { unit: 'second', quantity: '2' },
    ]);
    const { rows: ungrouped } = await ask({ from: '2026-03-01', to: '2026-04-01', window: 'none', groupBy: [] });
    expect(ungrouped.map(({ key, quantity }) => [key[4], quantity])).toEqual([
      ['chat', '2'],
      ['second', '20'],
    ]);
  });
});

describe('costs', () => {
  test('that are estimated stand beside the final ones, in rows and totals, and can be asked for alone', async () => {
    const cost = { kind: 'cost' as const, meter: 'call_seconds', costCurrency: 'USD' };
    await setUsageLines(database.adminPool, [
      { ...cost, cost: '0.1' },
      { ...cost, cost: '0.25', costStatus: 'estimated', quantity: '60' },
      { ...cost, cost: '0.5', costStatus: 'estimated', quantity: '60' },
      { ...cost, cost: '-0.5', costStatus: 'estimated', quantity: '-60', facts: -1 },
    ]);
    await standAt(database.adminPool, 20);
    const march = { from: '2026-03-01', to: '2026-04-01', window: 'none' as const };
    for (const source of ['sums', 'lines'] as const) {
      const { costs, costTotals } = await ask({ ...march, source });
      expect(costs.map(({ key, cost: amount, facts }) => [key[6], amount, facts])).toEqual([
        ['estimated', '0.25', '1'],
        ['final', '0.1', '1'],
      ]);
      expect(costTotals).toEqual({
        cost: [{ amount: '0.35', currency: 'USD' }],
        estimated: [{ amount: '0.25', currency: 'USD' }],
      });
    }
    const { costs, costTotals } = await ask({ ...march, filter: { costStatus: 'final' } });
    expect(costs).toMatchObject([{ cost: '0.1' }]);
    expect(costTotals).toEqual({ cost: [{ amount: '0.1', currency: 'USD' }], estimated: [] });
  });
});

describe('the source of usage', () => {
  const model = { name: 'usage', version: 1, position: 10n, lagSeconds: 0 } as const;
  const now = { position: 10n, recordedAt: new Date() };
  const quarterHour = new Date('2026-03-01T00:15:00Z');

  test('is the sums only for the present and on 15-minute bounds', () => {
    expect(chooseUsageSource(model, now, [quarterHour]).from).toBe('sums');
    expect(chooseUsageSource(model, now, [quarterHour, new Date('2026-03-01T00:20:00Z')]).from).toBe('lines');
    expect(chooseUsageSource(model, { ...now, position: 9n }, [quarterHour]).from).toBe('lines');
  });
});
