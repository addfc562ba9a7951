import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import { ageingReport } from '../../src/finance/reports/ageing-report.ts';
import { receivablesReport } from '../../src/finance/reports/receivables-report.ts';
import { invoice, openBooks } from './books.ts';
import type { BookedEvent, Books } from './books.ts';

let books: Books;
beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a', 'tnt_b', 'tnt_c'], now: '2026-11-24T12:00:00Z' });
  await books.append([
    ...invoice('tnt_a', {
      id: 'in_1',
      at: '2026-08-01T00:00:00Z',
      dueAt: '2026-09-01T00:00:00Z',
      net: '100',
      tax: '19',
    }),
    ...invoice('tnt_a', {
      id: 'in_2',
      at: '2026-10-01T00:00:00Z',
      dueAt: '2026-11-20T00:00:00Z',
      net: '50',
      paid: '20',
    }),
    ...invoice('tnt_a', { id: 'in_3', at: '2026-11-01T00:00:00Z', dueAt: '2026-11-24T23:59:59Z', net: '10' }),
    ...invoice('tnt_b', { id: 'in_4', at: '2026-11-01T00:00:00Z', net: '7', currency: 'USD' }),
    ...invoice('tnt_b', { id: 'in_5', at: '2026-11-01T00:00:00Z', net: '8', paid: '8', currency: 'USD' }),
    creditNote('tnt_a', 'in_1', { id: 'cn_1', total: '19', at: '2026-09-02T00:00:00Z' }),
    creditNote('tnt_a', 'in_1', { id: 'cn_2', total: '50', at: '2026-09-03T00:00:00Z' }),
    creditNote('tnt_a', 'in_1', { id: 'cn_2', total: '50', at: '2026-09-04T00:00:00Z', isVoid: true }),
  ]);
  await books.fold();
});
afterAll(() => books.close());

function creditNote(
  tenantId: string,
  invoiceId: string,
  { id, total, at, isVoid = false }: { id: string; total: string; at: string; isVoid?: boolean },
): BookedEvent {
  const stream = {
    kind: 'invoice',
    provider: 'stripe',
    account: 'acct_1',
    mode: 'live',
    externalId: invoiceId,
  } as const;
  const data = { creditNoteId: id, invoiceId, net: total, tax: '0', total, currency: 'EUR' };
  return isVoid
    ? { tenantId, event: { type: 'CreditNoteVoided', stream, occurredAt: at, data: { ...data, status: 'void' } } }
    : { tenantId, event: { type: 'CreditNoteIssued', stream, occurredAt: at, data: { ...data, status: 'issued' } } };
}

const eur = (amount: string) => ({ amount, currency: 'EUR' });

describe('receivables', () => {
  test('are what is left of invoices after payments and credit notes that stand, the oldest due first', async () => {
    const { rows, totals } = await books.ask(receivablesReport);
    expect(rows).toMatchObject([
      { invoice_id: 'in_1', days_past_due: 84, total: eur('119'), credited: eur('19'), balance: eur('100') },
      { invoice_id: 'in_2', days_past_due: 4, paid: eur('20'), balance: eur('30') },
      { invoice_id: 'in_3', days_past_due: 0, balance: eur('10') },
      { invoice_id: 'in_4', due_at: null, balance: { amount: '7', currency: 'USD' } },
    ]);
    expect(totals).toEqual({ balance: [eur('140'), { amount: '7', currency: 'USD' }] });
  });

  test('are found by how long they are overdue, by how much they are, and by tenant', async () => {
    const ids = async (query: Record<string, string>, tenantId?: string) =>
      (await books.ask(receivablesReport, query, tenantId)).rows.map((row) => row['invoice_id']);
    expect(await ids({ min_days_past_due: '61' })).toEqual(['in_1']);
    expect(await ids({ min_amount: '30' })).toEqual(['in_1', 'in_2']);
    expect(await ids({ currency: 'USD' })).toEqual(['in_4']);
    expect(await ids({}, 'tnt_b')).toEqual(['in_4']);
    // There it is the 25th already.
    const kiritimati = await books.ask(receivablesReport, { tz: 'Pacific/Kiritimati', currency: 'EUR' });
    expect(kiritimati.rows.map((row) => row['days_past_due'])).toEqual([85, 5, 0]);
  });

  test('age by days past due, each invoice in one bucket', async () => {
    const { rows, totals } = await books.ask(ageingReport);
    expect(rows).toMatchObject([
      {
        tenant_id: 'tnt_a',
        invoices: 3,
        current: eur('10'),
        days_1_30: eur('30'),
        days_61_90: eur('100'),
        balance: eur('140'),
      },
      { tenant_id: 'tnt_b', invoices: 1, current: { amount: '7', currency: 'USD' } },
    ]);
    expect(totals).toMatchObject({ days_61_90: [eur('100'), { amount: '0', currency: 'USD' }] });
  });

  test('stand as they stood at a position, whatever came later', async () => {
    const before = await books.ask(ageingReport);
    await books.append([
      ...invoice('tnt_a', { id: 'in_6', at: '2026-11-02T00:00:00Z', net: '1' }),
      creditNote('tnt_a', 'in_2', { id: 'cn_3', total: '30', at: '2026-11-23T00:00:00Z' }),
    ]);
    await books.fold();
    expect((await books.ask(ageingReport)).rows).not.toEqual(before.rows);
    expect((await books.ask(ageingReport, { as_of: before.position })).rows).toEqual(before.rows);
  });

  test('sum up to their buckets, whatever the invoices and the zone', async () => {
    const drawn = fc.record({
      days: fc.integer({ min: -40, max: 130 }),
      net: fc.integer({ min: 1, max: 9_999 }),
      paid: fc.integer({ min: 0, max: 9_999 }),
    });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(drawn, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/New_York', 'Pacific/Chatham'),
        async (invoices, tz) => {
          await books.append(
            invoices.flatMap(({ days, net, paid }) => {
              count += 1;
              const dueAt = new Date(Date.parse('2026-11-24T00:00:00Z') - days * 86_400_000).toISOString();
              return invoice('tnt_c', {
                id: `gen_${count}`,
                at: '2026-06-01T00:00:00Z',
                dueAt,
                net: String(net),
                paid: String(paid),
              });
            }),
          );
          await books.fold();
          const { rows } = await books.ask(ageingReport, { tz, tenant_id: 'tnt_c' });
          const listed = await books.ask(receivablesReport, { tz, tenant_id: 'tnt_c' });
          for (const row of rows) {
            const amounts = ['current', 'days_1_30', 'days_31_60', 'days_61_90', 'days_91_more'].map((name) =>
              amountOf(row[name]),
            );
            expect(sum(amounts)).toBe(amountOf(row['balance']));
            expect(sum(listed.rows.map((each) => amountOf(each['balance'])))).toBe(amountOf(row['balance']));
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});

function amountOf(money: unknown): string {
  return typeof money === 'object' && money !== null && 'amount' in money ? String(money.amount) : '0';
}

function sum(amounts: readonly string[]): string {
  return formatDecimal(amounts.map(parseDecimal).reduce(addDecimals, ZERO));
}
