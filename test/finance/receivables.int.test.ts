import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import { ageingReport } from '../../src/finance/reports/ageing-report.ts';
import { creditNotesReport } from '../../src/finance/reports/credit-notes-report.ts';
import { receivablesReport } from '../../src/finance/reports/receivables-report.ts';
import { invoice, openBooks } from './books.ts';
import type { Books } from './books.ts';
import { creditNote, dispute, linked, moved } from './cash-events.ts';

let books: Books;
beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a', 'tnt_b', 'tnt_c', 'tnt_d'], now: '2026-11-24T12:00:00Z' });
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
    creditNote('tnt_a', 'in_1', { id: 'cn_1', total: '19', tax: '3', at: '2026-09-02T00:00:00Z', reason: 'duplicate' }),
    creditNote('tnt_a', 'in_1', { id: 'cn_2', total: '50', at: '2026-09-03T00:00:00Z' }),
    creditNote('tnt_a', 'in_1', { id: 'cn_2', total: '50', at: '2026-09-04T00:00:00Z', isVoid: true }),
    linked('tnt_a', 'pi_2', 'in_2'),
    dispute('tnt_a', 'pi_2', { id: 'dp_1', amount: '20', at: '2026-11-21T00:00:00Z' }),
  ]);
  await books.fold();
});
afterAll(() => books.close());

const eur = (amount: string) => ({ amount, currency: 'EUR' });
const usd = (amount: string) => ({ amount, currency: 'USD' });

describe('receivables', () => {
  test('are what is left of invoices after payments and credit notes that stand, the longest overdue first', async () => {
    const { rows, totals } = await books.ask(receivablesReport);
    expect(rows).toMatchObject([
      {
        invoice_id: 'in_1',
        number: 'IN_1',
        days_past_due: 84,
        total: eur('119'),
        tax: eur('19'),
        credited: eur('19'),
        balance: eur('100'),
        dispute: false,
      },
      { invoice_id: 'in_2', days_past_due: 4, paid: eur('20'), balance: eur('30'), dispute: true },
      { invoice_id: 'in_3', days_past_due: 0, balance: eur('10') },
      // Without a due date it is never overdue.
      { invoice_id: 'in_4', due_at: null, days_past_due: 0, balance: usd('7') },
    ]);
    expect(totals).toEqual({
      balance: [eur('140'), usd('7')],
      settled_elsewhere: [eur('0'), usd('0')],
    });
  });

  test('are found by how long they are overdue, by how much they are, by issue and by tenant', async () => {
    const ids = async (query: Record<string, string>, tenantId?: string) =>
      (await books.ask(receivablesReport, query, tenantId)).rows.map((row) => row['invoice_id']);
    expect(await ids({ min_days_past_due: '61' })).toEqual(['in_1']);
    expect(await ids({ min_amount: '30' })).toEqual(['in_1', 'in_2']);
    expect(await ids({ currency: 'USD' })).toEqual(['in_4']);
    expect(await ids({ from: '2026-10-01', to: '2026-11-01' })).toEqual(['in_2']);
    expect(await ids({ status: 'uncollectible' })).toEqual([]);
    expect(await ids({}, 'tnt_b')).toEqual(['in_4']);
    // It is the 25th on Kiritimati.
    const east = await books.ask(receivablesReport, { tz: 'Pacific/Kiritimati', currency: 'EUR' });
    expect(east.rows.map((row) => row['days_past_due'])).toEqual([85, 5, 0]);
  });

  test('come page by page, each invoice once', async () => {
    const pages: unknown[] = [];
    const one = await books.pages(receivablesReport, 1);
    for (const page of one) pages.push(...page.map((row) => row['invoice_id']));
    expect(pages).toEqual(['in_1', 'in_2', 'in_3', 'in_4']);
  });

  test('age by days past due, each invoice in one bucket, beside the days that sales are outstanding', async () => {
    const { rows, totals } = await books.ask(ageingReport);
    expect(rows).toMatchObject([
      {
        tenant_id: 'tnt_a',
        invoices: 3,
        current: eur('10'),
        days_1_30: eur('30'),
        days_31_60: eur('0'),
        days_61_90: eur('100'),
        days_91_more: eur('0'),
        balance: eur('140'),
        // Billed in the 90 days before: 60 less the credit note's 19.
        dso_days: '307.3',
      },
      { tenant_id: 'tnt_b', invoices: 1, current: usd('7'), days_1_30: usd('0'), balance: usd('7'), dso_days: '42' },
    ]);
    expect(totals).toMatchObject({
      days_61_90: [eur('100'), usd('0')],
      balance: [eur('140'), usd('7')],
      dso_days: ['307.3 (EUR)', '42 (USD)'],
    });
  });

  test('list the credit notes that correct them', async () => {
    const { rows, totals } = await books.ask(creditNotesReport, { tenant_id: 'tnt_a' });
    expect(rows).toMatchObject([
      { credit_note_id: 'cn_2', status: 'void', voided_at: '2026-09-04T00:00:00Z', invoice_id: 'in_1' },
      { credit_note_id: 'cn_1', status: 'issued', net: eur('16'), tax: eur('3'), reason: 'duplicate' },
    ]);
    expect(totals).toEqual({ credit_notes: '2', net: [eur('16')], tax: [eur('3')], total: [eur('19')] });
    const found = await books.ask(creditNotesReport, { reason: 'duplicate', status: 'issued' });
    expect(found.rows.map((row) => row['credit_note_id'])).toEqual(['cn_1']);
  });

  test('stand as they stood at a position, whatever came later', async () => {
    const { position } = await books.ask(ageingReport);
    const before = await books.ask(ageingReport, { as_of: position });
    await books.append([
      ...invoice('tnt_a', { id: 'in_6', at: '2026-11-02T00:00:00Z', net: '1' }),
      creditNote('tnt_a', 'in_2', { id: 'cn_3', total: '30', at: '2026-11-23T00:00:00Z' }),
    ]);
    await books.fold();
    expect((await books.ask(ageingReport)).rows).not.toEqual(before.rows);
    expect((await books.ask(ageingReport, { as_of: position })).rows).toEqual(before.rows);
  });

  test('of an invoice that moved are its new tenant’s, and nobody else sees them as current', async () => {
    const ids = async (tenantId?: string) =>
      (await books.ask(receivablesReport, { from: '2026-07-01', to: '2026-07-02' }, tenantId)).rows.map(
        (row) => row['invoice_id'],
      );
    const notes = async (tenantId?: string) =>
      (await books.ask(creditNotesReport, { from: '2026-07-01', to: '2026-07-02' }, tenantId)).rows.length;
    const at = '2026-07-01T00:00:00Z';
    const issued = [
      ...invoice('tnt_b', { id: 'in_moved', at, net: '100' }),
      creditNote('tnt_b', 'in_moved', { id: 'cn_9', total: '1', at }),
    ];
    await books.append(issued);
    await books.fold();
    expect([await ids('tnt_b'), await notes('tnt_b')]).toEqual([['in_moved'], 1]);
    await books.append([moved('invoice', 'in_moved', 'tnt_b', 'tnt_d')]);
    await books.fold();
    expect([await ids('tnt_b'), await notes('tnt_b')]).toEqual([[], 0]);
    expect([await ids('tnt_d'), await notes('tnt_d')]).toEqual([['in_moved'], 1]);
    expect([await ids(), await notes()]).toEqual([['in_moved'], 1]);
    await books.append([moved('invoice', 'in_moved', 'tnt_d', 'tnt_b')]);
    await books.fold();
    expect([await ids('tnt_b'), await ids('tnt_d'), await notes('tnt_b'), await notes('tnt_d')]).toEqual([
      ['in_moved'],
      [],
      1,
      0,
    ]);
  });

  test('of an invoice that the provider calls paid are nothing, and what covers it nowhere is told apart', async () => {
    const at = '2026-05-01T00:00:00Z';
    const query = { from: '2026-05-01', to: '2026-05-02' };
    await books.append([
      ...invoice('tnt_d', { id: 'in_elsewhere', at, dueAt: at, net: '10', paid: '4', status: 'paid' }),
      ...invoice('tnt_d', { id: 'in_covered', at, dueAt: at, net: '10', paid: '10', status: 'paid' }),
      ...invoice('tnt_d', { id: 'in_overpaid', at, dueAt: at, net: '10', paid: '11', status: 'paid' }),
      ...invoice('tnt_d', { id: 'in_credited', at, dueAt: at, net: '10', paid: '4', status: 'paid' }),
      creditNote('tnt_d', 'in_credited', { id: 'cn_rest', total: '6', at }),
    ]);
    await books.fold();
    const { rows, totals } = await books.ask(receivablesReport, query);
    expect(
      rows.map((row) => [row['invoice_id'], row['balance'], row['settled_elsewhere'], row['days_past_due']]),
    ).toEqual([
      ['in_elsewhere', eur('0'), eur('6'), 0],
      ['in_overpaid', eur('-1'), eur('0'), 0],
    ]);
    expect(totals).toEqual({ balance: [eur('-1')], settled_elsewhere: [eur('6')] });
    expect((await books.ask(receivablesReport, { ...query, status: 'open' })).rows).toEqual([]);
    expect((await books.ask(receivablesReport, { ...query, min_days_past_due: '1', min_amount: '1' })).rows).toEqual(
      [],
    );
    expect((await books.ask(ageingReport, query)).rows).toMatchObject([
      { tenant_id: 'tnt_d', invoices: 1, balance: eur('-1') },
    ]);
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
