import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { marginTotal, readMargin } from '../../src/finance/margin.ts';
import type { MarginQuery } from '../../src/finance/margin.ts';
import { readModels } from '../../src/finance/read-models.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import type { FigureFilter } from '../../src/finance/usage-source.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { assignPlan, createTenants, definePlan, insertRows, setUsageLines, standAt, uuid } from './seed.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await createTenants(database.adminPool, ['tnt_a', 'tnt_b']);
  await definePlan(database.adminPool, {
    planId: 'basic',
    currency: 'USD',
    components: [{ kind: 'flat', amount: '49.50' }],
    position: 1,
  });
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.adminPool.query(
    `truncate hookledger.price_plan_assignments, hookledger.invoice_lines_v1, hookledger.payment_lines_v1`,
  );
  await setUsageLines(database.adminPool, []);
  await standAt(database.adminPool, 100);
});

type Question = Partial<Pick<MarginQuery, 'basis' | 'groupBy'>> & { filter?: Partial<FigureFilter> };

/** Both from sums and from lines, which must say the same. */
async function margin({ basis = 'rated', groupBy = ['tenant_id', 'provider'], filter = {} }: Question = {}) {
  return withReadTransaction(database.pool, {}, async (tx) => {
    const { usage: model, payments, invoices } = await readModels(tx);
    const range = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-04-01T00:00:00Z') };
    const asOf = { position: 100n, recordedAt: new Date('2026-03-31T00:00:00Z') };
    const query = { payments, invoices, basis, groupBy, filter: { mode: 'live' as const, range, asOf, ...filter } };
    const rows = await readMargin(tx, { ...query, source: { model, from: 'lines' } });
    if (query.filter.asOf.position === 100n) {
      expect(await readMargin(tx, { ...query, source: { model, from: 'sums' } })).toEqual(rows);
    }
    return rows;
  });
}

const money = { mode: 'live', books: 'platform', tenant_id: 'tnt_a', provider: 'stripe', currency: 'USD', line_no: 0 };
const invoiceLine = (position: number, net: string, columns: Record<string, unknown> = {}) => ({
  ...money,
  stream_key: `invoice/${position}`,
  event_id: uuid(position),
  issued_at: '2026-03-05T00:00:00Z',
  position,
  net,
  tax: '7',
  ...columns,
});
const paymentLine = (position: number, amount: string, columns: Record<string, unknown> = {}) => ({
  ...money,
  stream_key: `payment/${position}`,
  event_id: uuid(position),
  settled_at: '2026-03-06T00:00:00Z',
  position,
  kind: 'payment',
  amount,
  ...columns,
});

const rated = { quantity: '60', rated: '3', ratedCurrency: 'USD' };
const cost = { kind: 'cost' as const, meter: 'llm', unit: 'call', cost: '1', costCurrency: 'USD' };

describe('a margin', () => {
  test('sets revenue against its cost by tenant and provider, estimates shown apart', async () => {
    await setUsageLines(database.adminPool, [
      rated,
      cost,
      { ...cost, cost: '0.5', costStatus: 'estimated' },
      { quantity: '5', provider: 'twilio', unpriced: 1, uncosted: 1 },
    ]);
    await insertRows(database.adminPool, 'payment_lines_v1', [
      paymentLine(40, '12'),
      paymentLine(41, '-2', { kind: 'refund' }),
      paymentLine(42, '-6', { kind: 'dispute' }),
      paymentLine(43, '6', { kind: 'dispute' }),
      paymentLine(44, '-4', { kind: 'dispute' }),
      paymentLine(45, '-1.5', { kind: 'fee' }),
    ]);
    const rows = await margin();
    expect(rows).toEqual([
      {
        key: ['tnt_a', 'retell', 'USD'],
        revenue: '3',
        cogs: '1.5',
        estimatedCogs: '0.5',
        grossProfit: '1.5',
        grossMarginPct: '50',
        collected: '0',
        disputed: '0',
        fees: '0',
        netCash: '0',
        unpriced: '0',
        uncosted: '0',
      },
      expect.objectContaining({
        key: ['tnt_a', 'stripe', 'USD'],
        revenue: '0',
        collected: '10',
        disputed: '4',
        fees: '1.5',
        netCash: '4.5',
      }),
      // Never a zero that nobody sees: usage with neither a price nor a cost has a row without an amount.
      expect.objectContaining({ key: ['tnt_a', 'twilio', ''], revenue: '0', unpriced: '1', uncosted: '1' }),
    ]);
    expect(marginTotal(rows, 'cogs')).toEqual([{ amount: '1.5', currency: 'USD' }]);
    expect(marginTotal(rows, 'estimatedCogs')).toEqual([{ amount: '0.5', currency: 'USD' }]);
  });

  test('over all providers is one row of a tenant, over everything one row', async () => {
    await setUsageLines(database.adminPool, [
      rated,
      { ...cost, provider: 'twilio' },
      { ...rated, tenantId: 'tnt_b', uncosted: 1 },
    ]);
    expect(await margin({ groupBy: ['tenant_id'] })).toMatchObject([
      { key: ['tnt_a', '', 'USD'], revenue: '3', cogs: '1', grossProfit: '2', grossMarginPct: '66.67' },
      { key: ['tnt_b', '', 'USD'], grossMarginPct: '100', uncosted: '1' },
    ]);
    expect(await margin({ groupBy: [] })).toMatchObject([{ key: ['', '', 'USD'], revenue: '6', grossProfit: '5' }]);
  });

  test('on what is billed takes issued invoices, net of tax, for revenue, and no flat fees', async () => {
    await setUsageLines(database.adminPool, [rated, cost]);
    await assignPlan(database.adminPool, {
      tenantId: 'tnt_a',
      planId: 'basic',
      validFrom: '2026-02-10T00:00:00Z',
      position: 2,
    });
    await insertRows(database.adminPool, 'invoice_lines_v1', [
      invoiceLine(30, '100.10'),
      invoiceLine(31, '1', { mode: 'test' }),
      invoiceLine(32, '1', { books: 'tenant' }),
      invoiceLine(33, '1', { issued_at: '2026-04-01T00:00:00Z' }),
    ]);
    expect(await margin({ basis: 'billed', groupBy: ['tenant_id'] })).toMatchObject([
      { revenue: '100.1', cogs: '1', grossProfit: '99.1', grossMarginPct: '99' },
    ]);
    const byProvider = await margin();
    // A flat fee is of a plan, not of a provider.
    expect(byProvider).toMatchObject([
      { key: ['tnt_a', '', 'USD'], revenue: '49.5', grossMarginPct: '100' },
      { key: ['tnt_a', 'retell', 'USD'], revenue: '3' },
    ]);
    expect(await margin({ filter: { providers: ['retell'] } })).toMatchObject([{ key: ['tnt_a', 'retell', 'USD'] }]);
  });

  test('of several currencies is none, whichever is asked for; what is collected does not make it so', async () => {
    await setUsageLines(database.adminPool, [{ ...rated, ratedCurrency: 'EUR' }, cost]);
    expect(await margin()).toMatchObject([
      { key: ['tnt_a', 'retell', 'EUR'], revenue: '3', cogs: '0', grossProfit: undefined, grossMarginPct: undefined },
      { key: ['tnt_a', 'retell', 'USD'], revenue: '0', cogs: '1', grossProfit: undefined },
    ]);
    expect(await margin({ filter: { currency: 'USD' } })).toMatchObject([{ cogs: '1', grossProfit: undefined }]);

    await setUsageLines(database.adminPool, [rated, cost]);
    await insertRows(database.adminPool, 'payment_lines_v1', [paymentLine(40, '12', { currency: 'EUR' })]);
    expect(await margin({ groupBy: ['tenant_id'] })).toMatchObject([
      { key: ['tnt_a', '', 'EUR'], collected: '12', grossProfit: '0', grossMarginPct: undefined },
      { key: ['tnt_a', '', 'USD'], grossProfit: '2' },
    ]);
  });

  test('is exact, a loss is one, and its percentage is rounded half away from zero', async () => {
    await setUsageLines(database.adminPool, [
      { ...rated, rated: '123456789012345678.000000000001' },
      { ...cost, cost: '0.000000000001' },
      { ...rated, rated: '8', tenantId: 'tnt_b' },
      { ...cost, cost: '8.0004', tenantId: 'tnt_b' },
    ]);
    expect(await margin()).toMatchObject([
      { grossProfit: '123456789012345678', grossMarginPct: '100' },
      { grossProfit: '-0.0004', grossMarginPct: '-0.01' },
    ]);
  });

  test('as of a position is made of the lines up to it', async () => {
    await setUsageLines(database.adminPool, [
      { ...rated, position: 5 },
      { ...cost, costStatus: 'estimated', position: 6 },
      { ...cost, costStatus: 'estimated', cost: '-1', facts: -1, position: 9 },
      { ...cost, cost: '2', position: 9 },
    ]);
    const at = async (position: bigint) =>
      (await margin({ filter: { asOf: { position, recordedAt: new Date('2026-03-31T00:00:00Z') } } })).map(
        ({ cogs, estimatedCogs }) => [cogs, estimatedCogs],
      );
    expect(await at(5n)).toEqual([['0', '0']]);
    expect(await at(8n)).toEqual([['1', '1']]);
    expect(await at(9n)).toEqual([['2', '0']]);
  });
});
