import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readModels } from '../../src/finance/read-models.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { readSummary, totalOf } from '../../src/finance/summary.ts';
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

async function summary(filter: Partial<FigureFilter> = {}, from: 'sums' | 'lines' = 'lines') {
  return withReadTransaction(database.pool, {}, async (tx) => {
    const { usage, payments, invoices } = await readModels(tx);
    return readSummary(tx, {
      source: { model: usage, from },
      payments,
      invoices,
      filter: {
        mode: 'live',
        range: { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-04-01T00:00:00Z') },
        asOf: { position: 100n, recordedAt: new Date('2026-03-31T00:00:00Z') },
        ...filter,
      },
    });
  });
}

const money = { provider: 'stripe', mode: 'live', books: 'platform', tenant_id: 'tnt_a', currency: 'USD', line_no: 0 };

function invoiceLine(position: number, net: string, columns: Record<string, unknown> = {}): Record<string, unknown> {
  const issued = { stream_key: `invoice/${position}`, event_id: uuid(position), issued_at: '2026-03-05T00:00:00Z' };
  return { ...money, ...issued, position, net, tax: '0', ...columns };
}

function paymentLine(position: number, amount: string, columns: Record<string, unknown> = {}): Record<string, unknown> {
  const settled = { stream_key: `payment/${position}`, event_id: uuid(position), settled_at: '2026-03-06T00:00:00Z' };
  return { ...money, ...settled, position, kind: 'payment', amount, ...columns };
}

const rated = { quantity: '10', rated: '12.345', ratedCurrency: 'USD', occurredAt: '2026-03-10T10:00:00Z' };
const cost = {
  kind: 'cost' as const,
  meter: 'llm',
  cost: '20',
  costCurrency: 'USD',
  occurredAt: '2026-03-10T10:00:00Z',
};

describe('a summary', () => {
  test('sets what is accrued, issued, received and spent side by side, and never nets them', async () => {
    await setUsageLines(database.adminPool, [rated, cost]);
    await assignPlan(database.adminPool, {
      tenantId: 'tnt_a',
      planId: 'basic',
      validFrom: '2026-02-10T00:00:00Z',
      position: 2,
    });
    await insertRows(database.adminPool, 'invoice_lines_v1', [invoiceLine(30, '100.10', { tax: '19.02' })]);
    await insertRows(database.adminPool, 'payment_lines_v1', [
      paymentLine(31, '119.12'),
      paymentLine(32, '-19.12', { kind: 'refund' }),
    ]);
    const row = {
      tenantId: 'tnt_a',
      currency: 'USD',
      rated: '61.845',
      billed: '100.1',
      tax: '19.02',
      collected: '100',
      cost: '20',
      grossProfit: '41.845',
    };
    expect(await summary()).toEqual([row]);
    expect(await summary({}, 'sums')).toEqual([row]);
  });

  test('shows a tenant at a loss as one', async () => {
    await setUsageLines(database.adminPool, [rated, cost]);
    expect(await summary()).toMatchObject([{ rated: '12.345', cost: '20', grossProfit: '-7.655' }]);
  });

  test('has no gross profit where revenue and cost are in different currencies, whichever is asked for', async () => {
    await setUsageLines(database.adminPool, [
      { ...rated, ratedCurrency: 'EUR' },
      cost,
      { ...rated, tenantId: 'tnt_b' },
    ]);
    expect(await summary()).toMatchObject([
      { tenantId: 'tnt_a', currency: 'EUR', rated: '12.345', cost: '0', grossProfit: undefined },
      { tenantId: 'tnt_a', currency: 'USD', rated: '0', cost: '20', grossProfit: undefined },
      { tenantId: 'tnt_b', currency: 'USD', grossProfit: '12.345' },
    ]);
    expect(await summary({ currency: 'USD', tenantIds: ['tnt_a'] })).toMatchObject([
      { cost: '20', grossProfit: undefined },
    ]);
  });

  test('leaves out test mode, books that are not ours, other times and later positions', async () => {
    await setUsageLines(database.adminPool, [
      { ...rated, mode: 'test' },
      { ...rated, books: 'tenant' },
      { ...rated, occurredAt: '2026-04-01T00:00:00Z' },
      { ...rated, position: 101 },
    ]);
    await insertRows(database.adminPool, 'invoice_lines_v1', [
      invoiceLine(30, '1', { mode: 'test' }),
      invoiceLine(31, '1', { books: 'tenant' }),
      invoiceLine(32, '1', { issued_at: '2026-02-28T23:59:59.999Z' }),
      invoiceLine(101, '1'),
    ]);
    await insertRows(database.adminPool, 'payment_lines_v1', [
      paymentLine(40, '1', { mode: 'test' }),
      paymentLine(41, '1', { books: 'tenant' }),
      paymentLine(42, '1', { settled_at: '2026-04-01T00:00:00Z' }),
      paymentLine(101, '1'),
    ]);
    expect(await summary()).toEqual([]);
  });

  test('is exact where binary floats are not, and adds up by currency', async () => {
    await setUsageLines(database.adminPool, [
      { ...rated, rated: '0.1' },
      { ...rated, rated: '0.2' },
      { ...rated, rated: '123456789012345678.000000000001', tenantId: 'tnt_b' },
    ]);
    const rows = await summary();
    expect(rows.map((row) => row.rated)).toEqual(['0.3', '123456789012345678.000000000001']);
    expect(totalOf(rows, 'rated')).toEqual([{ amount: '123456789012345678.300000000001', currency: 'USD' }]);
  });
});
