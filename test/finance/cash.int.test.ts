import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { disputesReport } from '../../src/finance/reports/disputes-report.ts';
import { marginReport } from '../../src/finance/reports/margin-report.ts';
import { paymentFailuresReport } from '../../src/finance/reports/payment-failures-report.ts';
import { paymentsReport } from '../../src/finance/reports/payments-report.ts';
import { refundsReport } from '../../src/finance/reports/refunds-report.ts';
import { summaryReport } from '../../src/finance/reports/summary-report.ts';
import { openBooks, payment } from './books.ts';
import type { Books } from './books.ts';
import { dispute, failure, linked, moved, refund } from './cash-events.ts';

const AT = '2026-11-03T10:00:00.000Z';
const eur = (amount: string) => ({ amount, currency: 'EUR' });
const withdrawal = {
  transactionId: 'txn_1',
  amount: '-100',
  fee: '15',
  currency: 'EUR',
  at: '2026-11-05T00:00:00.000Z',
};
const reinstatement = {
  ...withdrawal,
  transactionId: 'txn_2',
  amount: '100',
  fee: '0',
  at: '2026-11-20T00:00:00.000Z',
};

let books: Books;
let beforeTheEnd: string;
beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a', 'tnt_b'], now: '2026-11-24T12:00:00Z' });
  await books.append([
    ...payment('tnt_a', { id: 'pi_1', at: AT, amount: '100' }),
    linked('tnt_a', 'pi_1', 'in_1'),
    dispute('tnt_a', 'pi_1', { id: 'dp_1', at: AT, amount: '100', evidenceDueAt: '2026-11-12T00:00:00Z' }),
    dispute('tnt_a', 'pi_1', {
      id: 'dp_1',
      type: 'DisputeUpdated',
      at: '2026-11-05T00:00:00Z',
      amount: '100',
      transactions: [withdrawal],
    }),
    failure('tnt_a', 'pi_2', { attempt: 'ch_1', at: '2026-11-01T08:00:00Z', amount: '50', code: 'insufficient_funds' }),
    failure('tnt_a', 'pi_2', { attempt: 'ch_2', at: '2026-11-02T08:00:00Z', amount: '50', code: 'expired_card' }),
    failure('tnt_a', 'pi_3', { attempt: 'ch_3', at: '2026-11-02T09:00:00Z', amount: '7', code: 'stolen_card' }),
    failure('tnt_b', 'pi_4', { attempt: 'ch_4', at: '2026-11-02T09:00:00Z', amount: '9', code: 'do_not_honor' }),
  ]);
  await books.fold();
  beforeTheEnd = (await books.ask(disputesReport)).position;
  await books.append([
    ...payment('tnt_a', { id: 'pi_2', at: '2026-11-04T08:00:00Z', amount: '50' }),
    refund('tnt_a', 'pi_2', { id: 're_1', at: '2026-11-06T00:00:00Z', amount: '20', reason: 'requested_by_customer' }),
    dispute('tnt_a', 'pi_1', {
      id: 'dp_1',
      type: 'DisputeClosed',
      at: '2026-11-20T00:00:00Z',
      amount: '100',
      status: 'won',
      transactions: [withdrawal, reinstatement],
    }),
    ...payment('tnt_b', { id: 'pi_5', at: AT, amount: '30' }),
    dispute('tnt_b', 'pi_5', {
      id: 'dp_2',
      type: 'DisputeClosed',
      at: '2026-11-21T00:00:00Z',
      amount: '30',
      status: 'lost',
      transactions: [{ ...withdrawal, transactionId: 'txn_3', amount: '-30' }],
    }),
    dispute('tnt_b', 'pi_5', { id: 'dp_3', at: '2026-11-22T00:00:00Z', amount: '1' }),
  ]);
  await books.fold();
});
afterAll(() => books.close());

describe('failed payments', () => {
  test('are listed attempt by attempt, with why, and when the payment succeeded after all', async () => {
    const { rows, totals } = await books.ask(paymentFailuresReport, { tenant_id: 'tnt_a' });
    const recovered = '2026-11-04T08:00:00Z';
    expect(rows).toMatchObject([
      {
        payment_id: 'pi_2',
        attempt_no: 1,
        decline_code: 'insufficient_funds',
        category: 'funds',
        recovered_at: recovered,
      },
      { payment_id: 'pi_2', attempt_no: 2, decline_code: 'expired_card', category: 'card', recovered_at: recovered },
      { payment_id: 'pi_3', attempt_no: 1, failure_code: 'card_declined', category: 'fraud', recovered_at: null },
    ]);
    expect(rows[2]).toMatchObject({ amount: eur('7'), failed_at: '2026-11-02T09:00:00Z' });
    expect(totals).toEqual({
      attempts: '3',
      payments: '2',
      recovered: '1',
      recovery_rate: '0.5',
      unrecovered: [eur('7')],
    });
  });

  test('are found by category, by whether they were recovered, and by tenant', async () => {
    const ids = async (query: Record<string, string>, tenantId?: string) =>
      (await books.ask(paymentFailuresReport, query, tenantId)).rows.map((row) => row['payment_id']);
    expect(await ids({ category: 'fraud,issuer' })).toEqual(['pi_4', 'pi_3']);
    expect(await ids({ recovered: 'true' })).toEqual(['pi_2', 'pi_2']);
    expect(await ids({ from: '2026-11-02', recovered: 'false' })).toEqual(['pi_4', 'pi_3']);
    expect(await ids({}, 'tnt_b')).toEqual(['pi_4']);
    const none = await books.ask(paymentFailuresReport, { from: '2030-01-01' });
    expect(none.totals).toMatchObject({ attempts: '0', recovery_rate: null });
  });

  test('had not recovered yet as of a position before they did', async () => {
    const { totals } = await books.ask(paymentFailuresReport, { as_of: beforeTheEnd, tenant_id: 'tnt_a' });
    expect(totals).toMatchObject({ recovered: '0', recovery_rate: '0', unrecovered: [eur('57')] });
  });
});

describe('disputes', () => {
  test('say what is disputed, how it ended and what it cost', async () => {
    const { rows, totals } = await books.ask(disputesReport);
    expect(rows).toMatchObject([
      { dispute_id: 'dp_3', outcome: 'open', withdrawn: null, net_effect: null },
      { dispute_id: 'dp_2', outcome: 'lost', withdrawn: eur('30'), fee: eur('15'), net_effect: eur('-45') },
      {
        dispute_id: 'dp_1',
        payment_id: 'pi_1',
        invoice_ids: ['in_1'],
        amount: eur('100'),
        status: 'won',
        outcome: 'won',
        reason: 'fraudulent',
        opened_at: '2026-11-03T10:00:00Z',
        closed_at: '2026-11-20T00:00:00Z',
        withdrawn: eur('100'),
        reinstated: eur('100'),
        fee: eur('15'),
        net_effect: eur('-15'),
      },
    ]);
    expect(totals).toEqual({
      disputes: '3',
      open: '1',
      won: '1',
      lost: '1',
      win_rate: '0.5',
      disputed: [eur('131')],
      withdrawn: [eur('130')],
      reinstated: [eur('100')],
      fees: [eur('30')],
      net_effect: [eur('-60')],
    });
  });

  test('stood otherwise before they ended, with the day until which evidence was wanted', async () => {
    const { rows, totals } = await books.ask(disputesReport, { as_of: beforeTheEnd });
    expect(rows).toMatchObject([{ dispute_id: 'dp_1', outcome: 'open', net_effect: eur('-115'), closed_at: null }]);
    expect(totals).toMatchObject({ win_rate: null, open: '1' });
    const lost = await books.ask(disputesReport, { outcome: 'lost', provider: 'stripe' });
    expect(lost.rows.map((row) => row['dispute_id'])).toEqual(['dp_2']);
  });

  test('stand beside what is collected, and are not in it', async () => {
    const { rows } = await books.ask(paymentsReport, { tenant_id: 'tnt_a', status: 'succeeded,partially_refunded' });
    expect(rows).toMatchObject([
      { payment_id: 'pi_1', net: eur('100'), disputed: eur('0'), fees: eur('15'), net_cash: eur('85') },
      { payment_id: 'pi_2', net: eur('30'), disputed: eur('0'), fees: eur('0'), net_cash: eur('30') },
    ]);
    const month = { from: '2026-11-01', to: '2026-12-01' };
    const margin = await books.ask(marginReport, month);
    expect(margin.totals).toMatchObject({ collected: [eur('160')] });
    const summary = await books.ask(summaryReport, month);
    expect(summary.totals).toMatchObject({ collected: [eur('160')] });
  });
});

test('refunds name their payment and why they were given', async () => {
  const { rows, totals } = await books.ask(refundsReport);
  expect(rows).toMatchObject([
    {
      refund_id: 're_1',
      payment_id: 'pi_2',
      amount: eur('20'),
      status: 'succeeded',
      counted: true,
      reason: 'requested_by_customer',
      refunded_at: '2026-11-06T00:00:00Z',
    },
  ]);
  expect(totals).toEqual({ refunds: '1', refunded: [eur('20')] });
  expect((await books.ask(refundsReport, { reason: 'fraudulent' })).rows).toEqual([]);
});

test('a payment that moved is its new tenant’s with all its parts, and the first one’s no more', async () => {
  const at = '2026-06-01T00:00:00Z';
  const range = { from: '2026-06-01', to: '2026-06-02' };
  await books.append([
    failure('tnt_a', 'pi_moved', { attempt: 'ch_9', at, amount: '5', code: 'expired_card' }),
    ...payment('tnt_a', { id: 'pi_moved', at, amount: '5' }),
    refund('tnt_a', 'pi_moved', { id: 're_9', at, amount: '1' }),
    dispute('tnt_a', 'pi_moved', { id: 'dp_9', at, amount: '5' }),
  ]);
  await books.fold();
  const counts = async (tenantId?: string) => {
    const reports = [paymentsReport, paymentFailuresReport, refundsReport, disputesReport];
    const answers: number[] = [];
    for (const report of reports) answers.push((await books.ask(report, range, tenantId)).rows.length);
    return answers;
  };
  expect(await counts('tnt_a')).toEqual([1, 1, 1, 1]);
  const { position } = await books.ask(paymentsReport);
  await books.append([moved('payment', 'pi_moved', 'tnt_a', 'tnt_b')]);
  await books.fold();
  expect(await counts('tnt_a')).toEqual([0, 0, 0, 0]);
  expect(await counts('tnt_b')).toEqual([1, 1, 1, 1]);
  expect(await counts()).toEqual([1, 1, 1, 1]);
  // It was the first one's then.
  const then = await books.ask(paymentsReport, { ...range, as_of: position }, 'tnt_a');
  expect(then.rows.map((row) => row['payment_id'])).toEqual(['pi_moved']);
});
