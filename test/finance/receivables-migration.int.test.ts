import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ageingReport } from '../../src/finance/reports/ageing-report.ts';
import { creditNotesReport } from '../../src/finance/reports/credit-notes-report.ts';
import { disputesReport } from '../../src/finance/reports/disputes-report.ts';
import { marginReport } from '../../src/finance/reports/margin-report.ts';
import { paymentFailuresReport } from '../../src/finance/reports/payment-failures-report.ts';
import { paymentsReport } from '../../src/finance/reports/payments-report.ts';
import { payoutsReport } from '../../src/finance/reports/payouts-report.ts';
import { receivablesReport } from '../../src/finance/reports/receivables-report.ts';
import { withConnection } from '../../src/platform/postgres.ts';
import { urlOfDatabase } from '../support/database-url.ts';
import { readTestRun } from '../support/test-run.ts';
import { invoice, openBooks, payment } from './books.ts';
import type { BookedEvent, Books } from './books.ts';
import { creditNote, dispute, failure, payout } from './cash-events.ts';

const MIGRATION = '20261124_1530_receivables.sql';
const directory = new URL('../../migrations/', import.meta.url);
const sqlOf = (file: string): string => readFileSync(new URL(file, directory), 'utf8');
const eur = (amount: string) => ({ amount, currency: 'EUR' });

const { adminUrl } = readTestRun();
const without = `hookledger_test_before_receivables_${process.pid}`;
let books: Books;
beforeAll(async () => {
  await withConnection(adminUrl, (client) => client.query(`create database ${without}`));
  await withConnection(urlOfDatabase(adminUrl, without), async (client) => {
    const others = readdirSync(directory).filter((file) => file.endsWith('.sql') && file !== MIGRATION);
    for (const file of others.toSorted()) await client.query(sqlOf(file));
  });
  books = await openBooks({ tenants: ['tnt_a'], now: '2026-11-24T12:00:00Z', from: without });
}, 120_000);
afterAll(async () => {
  await books.close();
  await withConnection(adminUrl, (client) => client.query(`drop database ${without} with (force)`));
});

/** As it was recorded before credit notes and disputes were facts. */
function bare({ tenantId, event: { fact, ...event } }: BookedEvent): BookedEvent {
  expect(fact).toBeDefined();
  return { tenantId, event };
}

test('a database with data in it gives right figures once its read models are folded again', async () => {
  const at = '2026-11-01T00:00:00Z';
  const opened = dispute('tnt_a', 'pi_1', { id: 'dp_1', at, amount: '20' });
  const taken = dispute('tnt_a', 'pi_1', { id: 'dp_1', type: 'DisputeUpdated', at, amount: '20', funds: 'withdrawn' });
  await books.append([
    ...invoice('tnt_a', { id: 'in_1', at, dueAt: '2026-11-14T00:00:00Z', net: '100' }),
    ...invoice('tnt_a', { id: 'in_2', at, net: '7' }),
    ...invoice('tnt_a', { id: 'in_3', at, net: '5', status: 'paid' }),
    bare(creditNote('tnt_a', 'in_1', { id: 'cn_1', total: '19', at })),
    bare(creditNote('tnt_a', 'in_1', { id: 'cn_2', total: '50', at })),
    bare(creditNote('tnt_a', 'in_1', { id: 'cn_2', total: '50', at, isVoid: true })),
    failure('tnt_a', 'pi_1', { attempt: 'ch_1', at, amount: '20', code: 'expired_card' }),
    ...payment('tnt_a', { id: 'pi_1', at, amount: '20' }),
    bare(opened),
    bare(taken),
    payout('unassigned', { id: 'po_1', at, amount: '20' }),
  ]);
  // What the read models had, in short: an invoice as it was folded then, and how far.
  await books.database.adminPool.query(
    `insert into hookledger.invoices_v1 (stream_key, position, event_id, invoice_id, tenant_id, provider, account, mode,
       books, status, net, tax, total, paid, currency, issued_at, state)
     select stream_key, position, event_id, external_id, tenant_id, provider, account, mode, books, 'open', 100, 0, 100, 0,
       'EUR', occurred_at, '{"report": {"position": "1"}}'
     from hookledger.events where type = 'InvoiceFinalized'`,
  );
  await books.database.adminPool.query(
    'update hookledger.projection_checkpoints set position = (select max(position) from hookledger.events)',
  );

  await books.database.adminPool.query(sqlOf(MIGRATION));
  await books.fold();

  const receivables = await books.ask(receivablesReport);
  expect(receivables.rows).toMatchObject([
    { invoice_id: 'in_1', credited: eur('19'), balance: eur('81'), days_past_due: 10 },
    { invoice_id: 'in_2', balance: eur('7'), days_past_due: 0 },
    { invoice_id: 'in_3', balance: eur('0'), settled_elsewhere: eur('5') },
  ]);
  expect((await books.ask(ageingReport)).rows).toMatchObject([
    { current: eur('7'), days_1_30: eur('81'), balance: eur('88') },
  ]);
  expect((await books.ask(creditNotesReport)).totals).toMatchObject({ credit_notes: '2', total: [eur('19')] });
  expect((await books.ask(paymentsReport)).rows).toMatchObject([
    { payment_id: 'pi_1', net: eur('20'), disputed: eur('20'), net_cash: eur('0') },
  ]);
  expect((await books.ask(disputesReport)).rows).toMatchObject([{ dispute_id: 'dp_1', withdrawn: eur('20') }]);
  expect((await books.ask(paymentFailuresReport)).rows).toMatchObject([
    { category: 'card', decline_code: 'expired_card' },
  ]);
  expect((await books.ask(payoutsReport)).rows).toMatchObject([{ payout_id: 'po_1', status: 'paid' }]);
  const margin = await books.ask(marginReport, { from: '2026-11-01', to: '2026-12-01', revenue: 'billed' });
  expect(margin.rows).toMatchObject([{ revenue: eur('93'), collected: eur('20'), net_cash: eur('0') }]);
});
