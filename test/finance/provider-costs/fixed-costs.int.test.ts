import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readEventData } from '../../../src/domain/events.ts';
import type { EventType } from '../../../src/domain/events.ts';
import { foldProviderCosts, foldProviderCostVoid } from '../../../src/finance/provider-costs/fold-provider-costs.ts';
import { enterProviderCost, importProviderCosts } from '../../../src/finance/provider-costs/enter-provider-costs.ts';
import { voidProviderCost } from '../../../src/finance/provider-costs/void-provider-cost.ts';
import { costsReport } from '../../../src/finance/reports/costs-report.ts';
import { marginReport } from '../../../src/finance/reports/margin-report.ts';
import { providerCostsReport } from '../../../src/finance/reports/provider-costs-report.ts';
import { summaryReport } from '../../../src/finance/reports/summary-report.ts';
import { withTransaction } from '../../../src/platform/postgres.ts';
import { call, openBooks } from '../books.ts';
import type { Books } from '../books.ts';

let books: Books;

const OCTOBER = { from: '2026-10-01', to: '2026-11-01' };
const october = { periodFrom: '2026-10-01', periodTo: '2026-11-01' };
const numbers = {
  costId: 'numbers-10',
  provider: 'retell',
  category: 'purchase' as const,
  component: 'numbers',
  amount: '31.00',
  currency: 'USD',
  ...october,
  allocation: { key: 'usage' as const, meter: 'call_seconds' },
  by: 'ada',
};
const usd = (amount: string) => ({ amount, currency: 'USD' });

beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a', 'tnt_b'], now: '2026-11-03T09:00:00Z' });
  await books.append([
    ...call('tnt_a', { id: 'c1', at: '2026-10-10T10:00:00Z', seconds: '90', cost: '0.20' }),
    ...call('tnt_b', { id: 'c2', at: '2026-10-31T23:59:59Z', seconds: '30' }),
    ...call('unassigned', { id: 'c3', at: '2026-10-11T10:00:00Z', seconds: '40' }),
    // Of another month: it bears nothing.
    ...call('tnt_b', { id: 'c4', at: '2026-11-01T00:00:00Z', seconds: '500' }),
  ]);
  await books.fold();
});
afterAll(() => books.close());

const enter = (change: Partial<Parameters<typeof enterProviderCost>[1]> = {}) =>
  enterProviderCost(books.deps, { ...numbers, ...change });

describe('a fixed cost', () => {
  test('is entered once: again just so does nothing, otherwise it is refused', async () => {
    expect(await enter()).toEqual({ entered: true });
    expect(await enter({ amount: '31', by: 'bob', periodTo: '2026-11-01T01:00:00+01:00' })).toEqual({ entered: false });
    await expect(enter({ amount: '32' })).rejects.toMatchObject({ code: 'provider_cost_immutable' });
  });

  test.each([
    ['13 decimals', { amount: '0.1234567890123' }, 'amount'],
    ['an amount of nothing', { amount: '0.00' }, 'amount'],
    ['a credit that is none', { category: 'credit' as const }, 'amount'],
    ['an inverted period', { periodTo: '2026-10-01' }, 'periodTo'],
    ['a day that is none', { periodFrom: '2026-02-30' }, 'periodFrom'],
    [
      'a tenant twice',
      { allocation: { key: 'seats' as const, seats: [1, 2].map((seats) => ({ tenantId: 'tnt_a', seats })) } },
      'seats',
    ],
    ['no seats', { allocation: { key: 'seats' as const, seats: [] } }, 'seats'],
    ['a currency in lower case', { currency: 'usd' }, 'currency'],
    ['a NUL', { component: 'num\0bers' }, 'component'],
    ['a line break', { description: 'a\nb' }, 'description'],
  ])('with %s is refused', async (_what, change, field) => {
    await expect(enter({ costId: 'bad', ...change })).rejects.toMatchObject({
      code: 'invalid_command',
      message: expect.stringContaining(field),
    });
  });

  test('for a tenant that nobody knows is refused', async () => {
    const seats = [
      { tenantId: 'tnt_a', seats: 1 },
      { tenantId: 'tnt_x', seats: 1 },
    ];
    for (const allocation of [
      { key: 'direct' as const, tenantId: 'tnt_x' },
      { key: 'seats' as const, seats },
    ]) {
      await expect(enter({ costId: 'bad', allocation })).rejects.toMatchObject({
        code: 'unknown_tenant',
        tenantId: 'tnt_x',
      });
    }
  });

  test('is borne by usage within its period, beside the costs of usage', async () => {
    await books.fold();
    const { rows, totals } = await books.ask(costsReport, { ...OCTOBER, window: 'none' });
    expect(rows).toMatchObject([
      { tenant_id: 'tnt_a', component: 'llm', category: 'usage', cost: usd('0.2') },
      {
        tenant_id: 'tnt_a',
        provider: 'retell',
        component: 'numbers',
        unit: null,
        quantity: null,
        cost: usd('17.4375'),
        cost_status: 'final',
        category: 'purchase',
        event_count: 1,
      },
      { tenant_id: 'tnt_b', component: 'numbers', cost: usd('5.8125') },
      { tenant_id: 'unassigned', component: 'numbers', cost: usd('7.75') },
    ]);
    expect(totals).toEqual({ cost: [usd('31.2')], estimated: [] });
  });

  test.each([
    [{ category: 'usage' }, ['0.2'], '0.2'],
    [{ category: 'purchase,tax' }, ['17.4375', '5.8125', '7.75'], '31'],
    [{ tenant_id: 'tnt_b' }, ['5.8125'], '5.8125'],
    [{ component: 'numbers', group_by: '' }, ['31'], '31'],
    [{ currency: 'EUR' }, [], undefined],
    [{ cost_status: 'estimated' }, [], undefined],
    [{ provider: 'twilio' }, [], undefined],
    [{ mode: 'test' }, [], undefined],
  ])('is filtered by %j', async (query, amounts, total) => {
    const { rows, totals } = await books.ask(costsReport, { ...OCTOBER, window: 'none', ...query });
    expect(rows.map(({ cost }) => cost)).toEqual(amounts.map(usd));
    expect(totals).toMatchObject({ cost: total === undefined ? [] : [usd(total)] });
  });

  test.each([
    ['UTC', 31],
    ['America/New_York', 32],
  ])('has a part in every day, by %s, which add up to the range', async (tz, days) => {
    const range = { from: '2026-09-30T00:00:00Z', to: '2026-11-02T00:00:00Z', tz };
    const query = { ...range, category: 'purchase', tenant_id: 'tnt_b', group_by: '' };
    const { rows, totals } = await books.ask(costsReport, query);
    expect(rows).toHaveLength(days);
    expect(totals).toMatchObject({ cost: [usd('5.8125')] });
    const { rows: whole } = await books.ask(costsReport, { ...query, window: 'none' });
    expect(whole).toMatchObject([{ cost: usd('5.8125') }]);
  });

  test('is a part of cost and gross profit in margin and summary', async () => {
    const { rows } = await books.ask(marginReport, { ...OCTOBER, group_by: 'tenant_id' });
    expect(rows).toMatchObject([
      { tenant_id: 'tnt_a', cogs: usd('17.6375'), cogs_estimated: usd('0'), gross_profit: usd('-17.6375') },
      { tenant_id: 'tnt_b', cogs: usd('5.8125') },
      { tenant_id: 'unassigned', cogs: usd('7.75') },
    ]);
    const half = { from: '2026-10-01', to: '2026-10-16T12:00:00Z' };
    expect((await books.ask(marginReport, { ...half, group_by: '' })).totals).toMatchObject({ cogs: [usd('15.7')] });
    expect((await books.ask(summaryReport, OCTOBER)).rows).toMatchObject([
      { tenant_id: 'tnt_a', cost: usd('17.6375') },
      { tenant_id: 'tnt_b', cost: usd('5.8125') },
      { tenant_id: 'unassigned', cost: usd('7.75') },
    ]);
  });

  test('is of the platform: the key of a tenant sees neither it nor its share', async () => {
    expect((await books.ask(costsReport, { ...OCTOBER, window: 'none' }, 'tnt_a')).rows).toMatchObject([
      { category: 'usage' },
    ]);
    expect((await books.ask(providerCostsReport, {}, 'tnt_a')).rows).toEqual([]);
    expect((await books.ask(marginReport, OCTOBER, 'tnt_b')).totals).toMatchObject({ cogs: [] });
  });

  test('that was voided counts no longer, and as of before it does', async () => {
    const { position } = await books.ask(costsReport, OCTOBER);
    const take = () => voidProviderCost(books.deps, { costId: 'numbers-10', reason: 'entered twice', by: 'ada' });
    expect(await take()).toEqual({ voided: true });
    expect(await take()).toEqual({ voided: false });
    await expect(voidProviderCost(books.deps, { costId: 'nobody', reason: 'x', by: 'ada' })).rejects.toMatchObject({
      code: 'unknown_provider_cost',
    });
    await books.fold();
    const total = async (query: Record<string, string>) =>
      (await books.ask(costsReport, { ...OCTOBER, ...query })).totals['cost'];
    expect(await total({})).toEqual([usd('0.2')]);
    expect(await total({ as_of: position })).toEqual([usd('31.2')]);
    // Entered just so again it stays void.
    expect(await enter()).toEqual({ entered: false });

    expect((await books.ask(providerCostsReport)).rows).toEqual([]);
    expect((await books.ask(providerCostsReport, { voided: 'true' })).rows).toMatchObject([
      { cost_id: 'numbers-10', amount: usd('31'), allocated_to: ['call_seconds'], void_reason: 'entered twice' },
    ]);
    expect((await books.ask(providerCostsReport, { as_of: position })).totals).toEqual({
      costs: '1',
      amount: [usd('31')],
    });
  });

  test('without anybody to bear it is unassigned', async () => {
    await enter({ costId: 'idle', allocation: { key: 'usage', meter: 'message_segments' }, amount: '7' });
    await enter({
      costId: 'idle-year',
      allocation: { key: 'equal' },
      periodFrom: '2020-01-01',
      periodTo: '2021-01-01',
    });
    await books.fold();
    expect((await books.ask(costsReport, { ...OCTOBER, window: 'none', category: 'purchase' })).rows).toMatchObject([
      { tenant_id: 'unassigned', cost: usd('7') },
    ]);
    const year = { from: '2020-01-01', to: '2021-01-01', window: 'none' };
    expect((await books.ask(costsReport, year)).rows).toMatchObject([{ tenant_id: 'unassigned', cost: usd('31') }]);
  });
});

describe('a file of fixed costs', () => {
  const head =
    'cost_id,provider,category,component,amount,currency,period_from,period_to,allocation,tenant_id,seats,meter';
  const file = (...lines: string[]) => [head, ...lines, ''].join('\n');
  const good = [
    'f1,twilio,purchase,numbers,10,EUR,2026-08-01,2026-09-01,direct,tnt_a,,',
    'f2,twilio,tax,vat,1.90,EUR,2026-08-01,2026-09-01,seats,,tnt_a=3; tnt_b=1,',
    'f3,retell,credit,promotion,-4,EUR,2026-08-01,2026-09-01,equal,,,',
    'f4,retell,adjustment,rounding,0.05,EUR,2026-08-01T00:00:00+02:00,2026-09-01,usage,,,call_seconds',
  ];

  test('is entered as a whole, and again does nothing', async () => {
    expect(await importProviderCosts(books.deps, file(...good), 'ada')).toEqual({ entered: 4, unchanged: 0 });
    expect(await importProviderCosts(books.deps, file(...good, good[0] ?? ''), 'bob')).toEqual({
      entered: 0,
      unchanged: 4,
    });
    await books.fold();
    const august = { from: '2026-08-01', to: '2026-09-01', window: 'none', group_by: 'tenant_id' };
    const { rows } = await books.ask(costsReport, august);
    expect(rows.map(({ tenant_id: tenant, category, cost }) => [tenant, category, cost])).toMatchObject([
      ['tnt_a', 'purchase', { amount: '10' }],
      ['tnt_a', 'tax', { amount: '1.425' }],
      ['tnt_b', 'tax', { amount: '0.475' }],
      ['unassigned', 'adjustment', { amount: expect.stringMatching(/^0\.0498/) }],
      ['unassigned', 'credit', { amount: '-4' }],
    ]);
  });

  test('with bad lines is refused as a whole, and names every one', async () => {
    const lines = [
      'g1,twilio,purchase,numbers,10,EUR,2026-08-01,2026-09-01,direct,tnt_a,,',
      'g2,twilio,purchase,numbers,0.1234567890123,EUR,2026-08-01,2026-09-01,direct,tnt_a,,',
      'g3,twilio,gift,numbers,1,EUR,2026-09-01,2026-08-01,direct,tnt_a,,',
      'g4,twilio,purchase,numbers,1,EUR,2026-08-01,2026-09-01,whim,,,',
      'g5,twilio,purchase,numbers,1,EUR,2026-08-01,2026-09-01,seats,,tnt_a=few,',
      'g6,twilio,purchase,numbers,1,EUR,2026-08-01,2026-09-01,direct,tnt_a,,call_seconds',
      'g1,twilio,purchase,numbers,11,EUR,2026-08-01,2026-09-01,direct,tnt_a,,',
    ];
    const refusal: unknown = await importProviderCosts(books.deps, file(...lines), 'ada').catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: 'import_refused' });
    const message = refusal instanceof Error ? refusal.message : '';
    for (const [line, field] of [
      [3, 'amount'],
      [4, 'category'],
      [5, 'allocation'],
      [6, 'seats'],
      [7, 'allocation'],
      [8, 'g1'],
    ] as const) {
      expect(message).toMatch(new RegExp(`line ${line}: .*${field}`));
    }
    expect(message).not.toContain('line 2:');

    // What only the database knows is named by line, too.
    const known = [
      'g1,twilio,purchase,numbers,10,EUR,2026-08-01,2026-09-01,direct,tnt_x,,',
      'f1,twilio,purchase,numbers,12,EUR,2026-08-01,2026-09-01,direct,tnt_a,,',
      'g2,twilio,purchase,numbers,10,EUR,2026-08-01,2026-09-01,direct,tnt_a,,',
    ];
    await expect(importProviderCosts(books.deps, file(...known), 'ada')).rejects.toMatchObject({
      problems: [
        { line: 2, reason: expect.stringContaining('tnt_x') },
        { line: 3, reason: expect.stringContaining('never changes') },
      ],
    });
    expect((await books.ask(providerCostsReport, { cost_id: 'g1,g2' })).rows).toEqual([]);
  });
});

test('the tables of fixed costs are the same when their events are folded again', async () => {
  const { adminPool } = books.database;
  const contents = async () => {
    const read = async (table: string) =>
      (await adminPool.query(`select t::text from hookledger.${table} t order by position`)).rows;
    return [await read('provider_costs'), await read('provider_cost_voids')];
  };
  const before = await contents();
  expect(before.map(({ length }) => length)).toEqual([7, 1]);
  const { rows } = await adminPool.query<{ type: EventType; version: number; position: string; data: unknown }>(
    'select type, schema_version as version, position, data from hookledger.events order by position',
  );
  const foldAll = () =>
    withTransaction(books.deps.pool, { tenant: '*' }, async (tx) => {
      for (const { type, version, position: text, data } of rows) {
        const position = BigInt(text);
        if (type === 'ProviderCostEntered') {
          const costs = [readEventData(type, version, data)];
          await foldProviderCosts(tx, { positions: [position], costs });
        } else if (type === 'ProviderCostVoided') {
          await foldProviderCostVoid(tx, { position, data: readEventData(type, version, data) });
        }
      }
    });
  await foldAll();
  expect(await contents()).toEqual(before);
  await adminPool.query('truncate hookledger.provider_costs, hookledger.provider_cost_voids');
  await foldAll();
  expect(await contents()).toEqual(before);
});
