import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readEventData } from '../../src/domain/events.ts';
import { foldBalanceTransactions } from '../../src/finance/payouts/fold-balance-transactions.ts';
import { importBalanceTransactions } from '../../src/finance/payouts/import-balance-transactions.ts';
import { payoutReconciliationReport } from '../../src/finance/reports/payout-reconciliation-report.ts';
import { payoutTransactionsReport } from '../../src/finance/reports/payout-transactions-report.ts';
import { payoutsReport } from '../../src/finance/reports/payouts-report.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { openBooks } from './books.ts';
import type { Books } from './books.ts';
import { payout } from './cash-events.ts';

const ACCOUNT = { provider: 'stripe', account: 'acct_1', mode: 'live' } as const;
const HEAD =
  'automatic_payout_id,balance_transaction_id,created_utc,available_on_utc,reporting_category,gross,fee,net,currency,source_id,description,customer_email';
const eur = (amount: string) => ({ amount, currency: 'EUR' });

let books: Books;
beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a'], now: '2026-11-24T12:00:00Z' });
  await books.database.adminPool.query(
    `insert into hookledger.sources (id, provider, account, mode, books)
     values ('src_1', 'stripe', 'acct_1', 'live', 'platform')`,
  );
  await books.append([
    payout('unassigned', { id: 'po_1', at: '2026-11-10T00:00:00Z', amount: '79.7' }),
    payout('unassigned', { id: 'po_2', at: '2026-11-11T00:00:00Z', amount: '10' }),
    payout('unassigned', { id: 'po_2', at: '2026-11-14T00:00:00Z', amount: '10', hasFailed: true }),
    payout('unassigned', { id: 'po_3', at: '2026-11-12T00:00:00Z', amount: '1', currency: 'USD' }),
  ]);
  await books.fold();
});
afterAll(() => books.close());

const importLines = (...lines: string[]) => importBalanceTransactions(books.deps, ACCOUNT, [HEAD, ...lines].join('\n'));
const charge =
  'po_1,txn_1,2026-11-08 10:00:00,2026-11-10 00:00:00,charge,100.00,3.20,96.80,eur,ch_1,"Payment, of May",a@b.example';

async function reconcile(payoutId: string, query: Record<string, string> = {}) {
  await books.fold();
  return books.ask(payoutReconciliationReport, { payout_id: payoutId, ...query });
}

async function contents(): Promise<readonly unknown[]> {
  const { rows } = await books.database.adminPool.query(
    'select t::text from hookledger.balance_transactions t order by position',
  );
  return rows;
}

describe('payouts', () => {
  test('are listed with what became of them', async () => {
    const { rows, totals } = await books.ask(payoutsReport, { currency: 'EUR' });
    expect(rows).toMatchObject([
      { payout_id: 'po_2', status: 'failed', paid_at: '2026-11-11T00:00:00Z', failed_at: '2026-11-14T00:00:00Z' },
      { payout_id: 'po_1', status: 'paid', amount: eur('79.7'), automatic: true, failed_at: null },
    ]);
    expect(totals).toEqual({ paid: [eur('79.7')], failed: [eur('10')] });
    expect((await books.ask(payoutsReport, { status: 'failed', from: '2026-11-11' })).rows).toHaveLength(1);
    expect((await books.ask(payoutsReport, {}, 'tnt_a')).rows).toEqual([]);
  });

  test('say that nothing was imported yet, or that they are not known', async () => {
    expect((await reconcile('po_1')).totals).toEqual({
      status: 'paid',
      net: null,
      payout_amount: eur('79.7'),
      difference: null,
      reason: 'no_transactions_imported',
    });
    expect((await reconcile('po_9')).totals).toMatchObject({ payout_amount: null, reason: 'payout_unknown' });
    expect(() => payoutReconciliationReport.ask({})).toThrow('payout_id');
  });
});

describe('transactions of a balance', () => {
  test('are taken once, however often and however written', async () => {
    const lines = [
      charge,
      'po_1,txn_2,2026-11-09 10:00:00,,refund,-20.00,0,-20.00,EUR,re_1,,',
      ',txn_3,2026-11-09,,charge,5,0.25,4.75,EUR,ch_3,,',
    ];
    expect(await importLines(...lines)).toEqual({ reported: 3, unchanged: 0 });
    expect(await importLines(...lines)).toEqual({ reported: 0, unchanged: 3 });
    expect(await importLines(charge.replace('100.00', '100').replace('eur', 'EUR'))).toEqual({
      reported: 0,
      unchanged: 1,
    });
    expect(await importLines('po_1,txn_2,,,refund,-20,0,-20,eur,,,')).toEqual({ reported: 0, unchanged: 1 });
  });

  test('are what a payout consists of, by category, and leave a difference where one is missing', async () => {
    const { rows, totals, position } = await reconcile('po_1');
    expect(rows).toEqual([
      { category: 'charge', transactions: 1, gross: eur('100'), fee: eur('3.2'), net: eur('96.8') },
      { category: 'refund', transactions: 1, gross: eur('-20'), fee: eur('0'), net: eur('-20') },
    ]);
    expect(totals).toMatchObject({
      net: eur('76.8'),
      payout_amount: eur('79.7'),
      difference: eur('-2.9'),
      reason: null,
    });

    // Its payout is known only now; the payout itself is no part of it.
    expect(
      await importLines(
        'po_1,txn_3,2026-11-09,,charge,5,0.25,4.75,EUR,ch_3,,',
        'po_1,txn_4,2026-11-09,,fee,0,1.85,-1.85,EUR,,,',
        'po_1,txn_5,2026-11-10,,payout,-79.7,0,-79.7,EUR,po_1,,',
      ),
    ).toEqual({ reported: 3, unchanged: 0 });
    expect((await reconcile('po_1')).totals).toMatchObject({ net: eur('79.7'), difference: eur('0'), reason: null });
    const then = await reconcile('po_1', { as_of: position });
    expect(then.rows).toEqual(rows);
  });

  test('are listed one by one', async () => {
    const { rows, totals } = await books.ask(payoutTransactionsReport, { payout_id: 'po_1' });
    expect(rows.map((row) => row['transaction_id'])).toEqual(['txn_1', 'txn_2', 'txn_3', 'txn_4', 'txn_5']);
    expect(rows[0]).toEqual({
      transaction_id: 'txn_1',
      payout_id: 'po_1',
      provider: 'stripe',
      account: 'acct_1',
      category: 'charge',
      gross: eur('100'),
      fee: eur('3.2'),
      net: eur('96.8'),
      created_at: '2026-11-08T10:00:00Z',
      available_at: '2026-11-10T00:00:00Z',
      source_id: 'ch_1',
      description: 'Payment, of May',
    });
    expect(totals).toMatchObject({ transactions: '5', net: [eur('0')] });
    expect((await books.ask(payoutTransactionsReport, { category: 'fee' })).rows).toHaveLength(1);
  });

  test('in another currency than the payout have no difference', async () => {
    await importLines('po_3,txn_6,,,charge,1,0,1,EUR,,,');
    expect((await reconcile('po_3')).totals).toMatchObject({ difference: null, reason: 'currency_mismatch' });
  });

  test('with a bad line are not taken at all, and every bad line is named', async () => {
    const before = await contents();
    const bad = importLines(
      ',txn_7,,,charge,1,0,1,EUR,,,',
      ',,,,charge,1,0,1,EUR,,,',
      ',txn_8,yesterday,,charge,1.0.0,0,1,EUR,,,',
      ',txn_9,,,charge,1,0.1,1,EUR,,,',
      'po_1,txn_1,,,charge,101,3.2,97.8,EUR,,,',
      ',txn_7,,,charge,2,0,2,EUR,,,',
    );
    await expect(bad).rejects.toMatchObject({ code: 'import_refused' });
    const message = await bad.then(
      () => '',
      (error: unknown) => String(error),
    );
    expect(message).toContain('line 3: transaction_id');
    expect(message).toContain('line 4: created_at');
    expect(message).toContain('line 4: gross');
    expect(message).toContain('line 5: net: is not gross less fee');
    expect(message).toContain('line 7: says something else of txn_7 than line 2');
    await expect(importLines('po_1,txn_1,,,charge,101,3.2,97.8,EUR,,,')).rejects.toThrow(
      'line 2: says something else of txn_1 than was imported before',
    );
    await expect(importBalanceTransactions(books.deps, ACCOUNT, 'balance_transaction_id,amount\n')).rejects.toThrow(
      'the column reporting_category is missing',
    );
    expect(await contents()).toEqual(before);
  });

  test('of an account that sends us nothing are refused', async () => {
    const account = { ...ACCOUNT, account: 'acct_typo' };
    await expect(importBalanceTransactions(books.deps, account, `${HEAD}\n${charge}`)).rejects.toMatchObject({
      code: 'unknown_account',
    });
  });

  test('are a fold of their events', async () => {
    const before = await contents();
    await books.database.adminPool.query('truncate hookledger.balance_transactions');
    const { rows } = await books.database.adminPool.query<{
      position: string;
      stream_key: string;
      provider: string;
      account: string;
      mode: string;
      schema_version: number;
      data: unknown;
    }>(
      `select position, stream_key, provider, account, mode, schema_version, data from hookledger.events
       where type = 'BalanceTransactionReported' order by position`,
    );
    const reported = rows.map(({ stream_key: streamKey, schema_version: version, data, position, ...row }) => ({
      ...row,
      position: BigInt(position),
      streamKey,
      data: readEventData('BalanceTransactionReported', version, data),
    }));
    await withTransaction(books.deps.pool, { tenant: '*' }, async (tx) => {
      await foldBalanceTransactions(tx, reported);
      await foldBalanceTransactions(tx, reported);
    });
    expect(await contents()).toEqual(before);
  });

  test('are no tenant’s', async () => {
    const seen = await withTransaction(books.deps.pool, { tenant: 'tnt_a' }, async (tx) => {
      const asApplication = await tx.query('select from hookledger.balance_transactions');
      await tx.query('set local role hookledger_tenant');
      const asTenant = await tx.query('select from hookledger.balance_transactions');
      return [asApplication.rowCount, asTenant.rowCount];
    });
    expect(seen).toEqual([0, 0]);
  });
});
