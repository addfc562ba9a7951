import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import type { EventData } from '../../src/domain/events.ts';
import { foldStreams } from '../../src/projections/fold-streams.ts';
import { foldPayment } from '../../src/projections/payment-fold.ts';
import { disputeRows, failureRows, refundRows } from '../../src/projections/payment-parts.ts';
import { summarisePayment } from '../../src/projections/payment-summary.ts';
import { at, recordedEvent } from './recorded-event.ts';

type Options = Readonly<{ position: number; time?: string; rank?: number; currency?: string; tenantId?: string }>;

const common = ({ position, tenantId, time }: Options) => ({
  position,
  kind: 'payment' as const,
  ...(tenantId === undefined ? {} : { tenantId }),
  ...(time === undefined ? {} : { occurredAt: at(time) }),
});

const order = ({ rank, time }: Options) => ({
  ...(rank === undefined ? {} : { rank }),
  ...(time === undefined ? {} : { providerTime: at(time) }),
});

function succeeded(amount: string, options: Options & { invoiceId?: string }): RecordedEvent {
  const { currency = 'USD', invoiceId } = options;
  return recordedEvent('PaymentSucceeded', {
    ...common(options),
    fact: { key: 'payment/1#payment', kind: 'payment', ...order(options) },
    data: { amount, currency, customerId: 'cus_1', ...(invoiceId === undefined ? {} : { invoiceId }) },
  });
}

function failed(attempt: string, options: Options & { code?: string }): RecordedEvent {
  return recordedEvent('PaymentFailed', {
    ...common(options),
    fact: { key: `payment/1#failure/${attempt}`, kind: 'failure', ...order(options) },
    data: { amount: '20', currency: 'USD', failureCode: options.code ?? 'card_declined' },
  });
}

type RefundStatus = 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled';

function refunded(
  id: string,
  amount: string,
  options: Options & { status?: RefundStatus; at?: string },
): RecordedEvent {
  const { currency = 'USD', status = 'succeeded' } = options;
  return recordedEvent('RefundReported', {
    ...common(options),
    ...(options.at === undefined ? {} : { occurredAt: at(options.at) }),
    fact: { key: `payment/1#refund/${id}`, kind: 'refund', ...order(options) },
    data: { refundId: id, amount, currency, status },
  });
}

function refundTotal(total: string, options: Options & { charge?: string }): RecordedEvent {
  const { currency = 'USD', charge = 'ch_1' } = options;
  return recordedEvent('RefundTotalReported', {
    ...common(options),
    fact: { key: `payment/1#refund-total/${charge}`, kind: 'refund', ...order(options) },
    data: { chargeId: charge, total, currency },
  });
}

type DisputeType = 'DisputeOpened' | 'DisputeUpdated' | 'DisputeClosed';
type DisputeOptions = Options & Partial<EventData<'DisputeUpdated'>>;

function disputed(type: DisputeType, options: DisputeOptions): RecordedEvent {
  const { amount = '20', currency = 'USD', status = 'needs_response', funds, transactions } = options;
  const { disputeId = 'dp_1' } = options;
  return recordedEvent(type, {
    ...common(options),
    fact: { key: `payment/1#dispute/${disputeId}`, kind: 'dispute', ...order(options) },
    data: {
      disputeId,
      amount,
      currency,
      status,
      ...(funds === undefined ? {} : { funds }),
      ...(transactions === undefined ? {} : { transactions }),
    },
  });
}

const moneyMoved = (transactionId: string, amount: string, fee: string, time: string, currency = 'USD') => ({
  transactionId,
  amount,
  fee,
  currency,
  at: at(time).toISOString(),
});

const linked = (invoiceId: string, position: number) =>
  recordedEvent('InvoicePaymentLinked', { position, kind: 'payment', data: { invoiceId } });

const moved = (to: string, position: number) =>
  recordedEvent('StreamTenantMoved', {
    position,
    kind: 'payment',
    tenantId: to,
    data: { from: 'A', to, reason: 'a person said so' },
  });

/** The payment after the events, and all lines: position, kind, tenant, time of settlement, amount. */
function after(...events: readonly RecordedEvent[]) {
  const { rows, lines } = foldStreams(new Map(), events, foldPayment);
  const state = rows.at(-1)?.state;
  return {
    ...(state === undefined ? {} : summarisePayment(state)),
    invoiceIds: state?.invoiceIds,
    differingReports: state?.differingReports,
    rows: rows.length,
    lines: lines.map(({ event, line: { bucket, measures } }) =>
      [
        event.position,
        bucket.kind,
        bucket.tenantId,
        bucket.settledAt.slice(11, 16),
        measures.amount,
        bucket.currency,
      ].join(' '),
    ),
  };
}

describe('a payment', () => {
  test('that succeeded was collected when it happened', () => {
    expect(after(succeeded('20', { position: 1, time: '09:05', invoiceId: 'in_1' }))).toEqual({
      status: 'succeeded',
      amount: '20',
      refunded: '0',
      disputed: '0',
      fees: '0',
      netCash: '20',
      currency: 'USD',
      customerId: 'cus_1',
      settledAt: '2026-11-02T09:05:00.000Z',
      failedAttempts: 0,
      failureCode: null,
      invoiceIds: ['in_1'],
      differingReports: 0,
      rows: 1,
      lines: ['1 payment A 09:05 20 USD'],
    });
  });

  test('that a charge and a payment intent report counts once, with the amount of the greater report', () => {
    const charge = (position: number) => succeeded('20', { position, rank: 10 });
    const intent = (position: number) => succeeded('21.5', { position, rank: 20 });
    expect(after(charge(1), intent(2))).toMatchObject({
      amount: '21.5',
      differingReports: 1,
      rows: 2,
      lines: ['1 payment A 09:00 20 USD', '2 payment A 09:00 1.5 USD'],
    });
    expect(after(intent(1), charge(2))).toMatchObject({
      amount: '21.5',
      differingReports: 1,
      rows: 2,
      lines: ['1 payment A 09:00 21.5 USD'],
    });
  });

  test('without a fact key counts for nothing: a second report could not be told from a second payment', () => {
    const { fact, ...withoutFact } = succeeded('20', { position: 1 });
    expect(fact).toBeDefined();
    expect(after(withoutFact)).toMatchObject({ rows: 0, lines: [] });
  });

  test('collects its invoices from every report and link, sorted', () => {
    expect(
      after(succeeded('20', { position: 1, invoiceId: 'in_2' }), linked('in_1', 2), linked('in_2', 3)),
    ).toMatchObject({
      invoiceIds: ['in_1', 'in_2'],
      rows: 3,
    });
  });

  test('is pending as long as only links are known', () => {
    expect(after(linked('in_1', 1))).toMatchObject({ status: 'pending', amount: '0', currency: null, lines: [] });
  });

  test('that moves to another tenant takes its cash along', () => {
    expect(
      after(succeeded('20', { position: 1 }), refunded('re_1', '5', { position: 2 }), moved('B', 3)),
    ).toMatchObject({
      status: 'partially_refunded',
      lines: [
        '1 payment A 09:00 20 USD',
        '2 refund A 09:00 -5 USD',
        '3 payment A 09:00 -20 USD',
        '3 payment B 09:00 20 USD',
        '3 refund A 09:00 5 USD',
        '3 refund B 09:00 -5 USD',
      ],
    });
    expect(after(moved('B', 1), succeeded('20', { position: 2, tenantId: 'B' })).lines).toEqual([
      '2 payment B 09:00 20 USD',
    ]);
  });

  test('is not what happens in the stream of an invoice', () => {
    const link = recordedEvent('InvoicePaymentLinked', { position: 1, kind: 'invoice', data: { invoiceId: 'in_1' } });
    expect(after(link)).toMatchObject({ rows: 0 });
  });
});

describe('a payment that fails', () => {
  test('counts each attempt once, whatever the number of reports, and shows the latest code', () => {
    expect(
      after(
        failed('ch_2', { position: 1, rank: 20, time: '09:20', code: 'expired_card' }),
        failed('ch_1', { position: 2, rank: 20, time: '09:10' }),
        failed('ch_2', { position: 3, rank: 10, time: '09:20', code: 'expired_card' }),
      ),
    ).toMatchObject({ status: 'failed', failedAttempts: 2, failureCode: 'expired_card', amount: '20', lines: [] });
  });

  test('and succeeds in the end, in whatever order that is learnt, has succeeded', () => {
    const attempt = failed('ch_1', { position: 1 });
    const success = succeeded('20', { position: 2, time: '09:30' });
    expect(after(attempt, success)).toMatchObject({ status: 'succeeded', failedAttempts: 1 });
    expect(after(success, attempt)).toMatchObject({
      status: 'succeeded',
      failedAttempts: 1,
      failureCode: 'card_declined',
    });
  });
});

describe('a refund', () => {
  test('in part, then of the rest', () => {
    const events = [succeeded('20', { position: 1 }), refunded('re_1', '5', { position: 2, time: '10:00' })];
    expect(after(...events)).toMatchObject({
      status: 'partially_refunded',
      refunded: '5',
      lines: ['1 payment A 09:00 20 USD', '2 refund A 10:00 -5 USD'],
    });
    expect(after(...events, refunded('re_2', '15', { position: 3 }))).toMatchObject({
      status: 'refunded',
      refunded: '20',
    });
  });

  test('learnt before its payment waits as pending, and counts', () => {
    const refund = refunded('re_1', '20', { position: 1 });
    expect(after(refund)).toMatchObject({ status: 'pending', amount: '0', refunded: '20', currency: 'USD' });
    expect(after(refund, succeeded('20', { position: 2 }))).toMatchObject({
      status: 'refunded',
      lines: ['1 refund A 09:00 -20 USD', '2 payment A 09:00 20 USD'],
    });
  });

  test('pending counts, one that failed does not, and gives its line back', () => {
    const pending = refunded('re_1', '5', { position: 2, rank: 20, status: 'pending' });
    const failure = refunded('re_1', '5', { position: 3, rank: 30, status: 'failed' });
    const payment = succeeded('20', { position: 1 });
    expect(after(payment, pending)).toMatchObject({ refunded: '5', status: 'partially_refunded' });
    expect(after(payment, pending, failure)).toMatchObject({
      refunded: '0',
      status: 'succeeded',
      lines: ['1 payment A 09:00 20 USD', '2 refund A 09:00 -5 USD', '3 refund A 09:00 5 USD'],
    });
    expect(after(payment, failure, pending)).toMatchObject({ refunded: '0', lines: ['1 payment A 09:00 20 USD'] });
  });

  test.each(['requires_action', 'canceled'] as const)('that is %s moves no money', (status) => {
    expect(after(succeeded('20', { position: 1 }), refunded('re_1', '5', { position: 2, status })).refunded).toBe('0');
  });

  test('listed by the total as well counts once, in whatever order', () => {
    const listed = refunded('re_1', '5', { position: 2, time: '10:00' });
    const total = refundTotal('5', { position: 3, time: '10:00' });
    expect(after(succeeded('20', { position: 1 }), listed, total)).toMatchObject({
      refunded: '5',
      lines: ['1 payment A 09:00 20 USD', '2 refund A 10:00 -5 USD'],
    });
    const early = refundTotal('5', { position: 2, time: '10:00' });
    const late = refunded('re_1', '5', { position: 3, time: '10:00' });
    expect(after(succeeded('20', { position: 1 }), early, late)).toMatchObject({
      refunded: '5',
      lines: [
        '1 payment A 09:00 20 USD',
        '2 refund A 10:00 -5 USD',
        '3 refund A 10:00 -5 USD',
        '3 refund A 10:00 5 USD',
      ],
    });
  });

  test('known from totals alone is booked at the time of each total', () => {
    const first = (position: number) => refundTotal('5', { position, time: '10:00' });
    const second = (position: number) => refundTotal('8', { position, time: '11:00' });
    expect(after(succeeded('20', { position: 1 }), first(2), second(3))).toMatchObject({
      refunded: '8',
      status: 'partially_refunded',
      lines: ['1 payment A 09:00 20 USD', '2 refund A 10:00 -5 USD', '3 refund A 11:00 -3 USD'],
    });
    expect(after(second(1), first(2)).lines).toEqual([
      '1 refund A 11:00 -8 USD',
      '2 refund A 11:00 5 USD',
      '2 refund A 10:00 -5 USD',
    ]);
  });

  test('that failed after a total counted it leaves nothing of that total', () => {
    expect(
      after(
        succeeded('20', { position: 1 }),
        refundTotal('5', { position: 2, time: '10:00' }),
        refunded('re_1', '5', { position: 3, rank: 30, status: 'failed', time: '12:00', at: '10:00' }),
      ),
    ).toMatchObject({ refunded: '0', status: 'succeeded' });
  });

  test('of two charges of one payment adds the totals of both', () => {
    const totals = [
      refundTotal('5', { position: 2, charge: 'ch_1', time: '10:00' }),
      refundTotal('3', { position: 3, charge: 'ch_2', time: '10:30' }),
      refundTotal('6', { position: 4, charge: 'ch_1', time: '11:00' }),
    ];
    expect(after(succeeded('20', { position: 1 }), ...totals)).toMatchObject({
      refunded: '9',
      lines: [
        '1 payment A 09:00 20 USD',
        '2 refund A 10:00 -5 USD',
        '3 refund A 10:30 -3 USD',
        '4 refund A 11:00 -1 USD',
      ],
    });
  });

  test('in another currency than the payment is a line of its own and is not added to it', () => {
    expect(
      after(succeeded('20', { position: 1 }), refunded('re_1', '20', { position: 2, currency: 'EUR' })),
    ).toMatchObject({
      refunded: '0',
      status: 'succeeded',
      lines: ['1 payment A 09:00 20 USD', '2 refund A 09:00 -20 EUR'],
    });
  });
});

describe('a dispute', () => {
  const payment = succeeded('20', { position: 1 });
  const withdrawal = moneyMoved('txn_1', '-20', '15', '10:00');

  test('moves nothing until the provider says that it moved money', () => {
    expect(after(payment, disputed('DisputeOpened', { position: 2 }))).toMatchObject({
      disputed: '0',
      netCash: '20',
      lines: ['1 payment A 09:00 20 USD'],
    });
  });

  test('takes money and keeps a fee, beside what was collected, and gives it back when it is won', () => {
    const taken = disputed('DisputeUpdated', { position: 2, funds: 'withdrawn', transactions: [withdrawal] });
    const lines = ['1 payment A 09:00 20 USD', '2 dispute A 10:00 -20 USD', '2 fee A 10:00 -15 USD'];
    expect(after(payment, taken)).toMatchObject({
      status: 'succeeded',
      refunded: '0',
      disputed: '20',
      fees: '15',
      netCash: '-15',
      lines,
    });
    const transactions = [withdrawal, moneyMoved('txn_2', '20', '0', '12:00')];
    const won = disputed('DisputeUpdated', { position: 3, funds: 'reinstated', status: 'won', transactions });
    expect(after(payment, taken, won)).toMatchObject({
      disputed: '0',
      fees: '15',
      netCash: '5',
      lines: [...lines, '3 dispute A 12:00 20 USD'],
    });
  });

  test('of which only the event says that money moved is its amount, at that time, without a fee', () => {
    const taken = disputed('DisputeUpdated', { position: 2, time: '10:30', funds: 'withdrawn', amount: '12' });
    expect(after(payment, taken)).toMatchObject({
      disputed: '12',
      fees: '0',
      lines: ['1 payment A 09:00 20 USD', '2 dispute A 10:30 -12 USD'],
    });
    const told = disputed('DisputeUpdated', { position: 3, transactions: [withdrawal] });
    expect(after(payment, taken, told)).toMatchObject({
      disputed: '20',
      lines: [
        '1 payment A 09:00 20 USD',
        '2 dispute A 10:30 -12 USD',
        '3 dispute A 10:00 -20 USD',
        '3 dispute A 10:30 12 USD',
        '3 fee A 10:00 -15 USD',
      ],
    });
  });

  test('of before disputes were facts counts by its id, once, also when it is told again as one', () => {
    const { fact, ...bare } = disputed('DisputeUpdated', { position: 2, time: '10:30', funds: 'withdrawn' });
    expect(fact).toBeDefined();
    const lines = ['1 payment A 09:00 20 USD', '2 dispute A 10:30 -20 USD'];
    expect(after(payment, bare)).toMatchObject({ disputed: '20', netCash: '0', lines });
    const again = disputed('DisputeUpdated', { position: 3, time: '10:30', funds: 'withdrawn' });
    expect(after(payment, bare, again)).toMatchObject({ disputed: '20', lines });
  });

  test('counts each transaction once, also one that only a lesser report tells', () => {
    const opened = disputed('DisputeOpened', { position: 2, rank: 10, transactions: [withdrawal] });
    const closed = disputed('DisputeClosed', { position: 3, rank: 30, status: 'lost', transactions: [withdrawal] });
    const late = disputed('DisputeUpdated', {
      position: 4,
      rank: 20,
      transactions: [moneyMoved('txn_2', '5', '0', '11:00')],
    });
    const summary = { disputed: '15', fees: '15', netCash: '-10' };
    expect(after(payment, opened, closed, late)).toMatchObject(summary);
    expect(after(late, closed, opened, payment)).toMatchObject(summary);
  });

  test('on a balance of another currency is a line in that, and is not added to the payment', () => {
    const transactions = [moneyMoved('txn_1', '-18', '15', '10:00', 'EUR')];
    expect(after(payment, disputed('DisputeUpdated', { position: 2, transactions }))).toMatchObject({
      disputed: '0',
      fees: '0',
      netCash: null,
      lines: ['1 payment A 09:00 20 USD', '2 dispute A 10:00 -18 EUR', '2 fee A 10:00 -15 EUR'],
    });
  });

  test('moves to another tenant with its payment', () => {
    const taken = disputed('DisputeUpdated', { position: 2, transactions: [withdrawal] });
    expect(after(payment, taken, moved('B', 3)).lines).toEqual(
      expect.arrayContaining(['3 dispute A 10:00 20 USD', '3 dispute B 10:00 -20 USD', '3 fee B 10:00 -15 USD']),
    );
  });
});

describe('what a payment consists of', () => {
  /** Column values of its parts, without those that every part has. */
  const parts = (rowsOf: typeof refundRows, ...events: readonly RecordedEvent[]) => {
    const state = foldStreams(new Map(), events, foldPayment).rows.at(-1)?.state;
    return state === undefined ? [] : [...rowsOf(state).values()];
  };

  test('are attempts in the order of their time, each with why, and when the payment succeeded after all', () => {
    const attempts = [
      failed('ch_2', { position: 1, time: '09:20', code: 'insufficient_funds' }),
      failed('ch_1', { position: 2, time: '09:10', code: 'expired_card' }),
    ];
    const rows = [
      { attempt_no: 1, failure_code: 'expired_card', category: 'card', amount: '20', recovered_at: null },
      { attempt_no: 2, failure_code: 'insufficient_funds', category: 'funds', amount: '20', recovered_at: null },
    ];
    expect(parts(failureRows, ...attempts)).toMatchObject(rows);
    const recovered = at('09:15').toISOString();
    expect(parts(failureRows, ...attempts, succeeded('20', { position: 3, time: '09:15' }))).toMatchObject([
      { attempt_no: 1, recovered_at: recovered },
      { attempt_no: 2, recovered_at: null },
    ]);
  });

  test('are refunds, listed or not', () => {
    const events = [
      refunded('re_1', '5', { position: 1, time: '10:00' }),
      refundTotal('8', { position: 2, time: '11:00' }),
    ];
    expect(parts(refundRows, ...events)).toMatchObject([
      { refund_id: 're_1', status: 'succeeded', is_counted: true, amount: '5' },
      { status: 'unlisted', is_counted: true, amount: '3', refunded_at: at('11:00').toISOString() },
    ]);
    expect(parts(refundRows, refunded('re_1', '5', { position: 1, status: 'failed' }))).toMatchObject([
      { status: 'failed', is_counted: false, amount: '5' },
    ]);
  });

  test('are disputes, with how they ended and what they cost', () => {
    const opened = disputed('DisputeOpened', { position: 1, time: '10:00' });
    expect(parts(disputeRows, opened)).toMatchObject([
      { dispute_id: 'dp_1', outcome: null, opened_at: at('10:00').toISOString() },
    ]);
    const transactions = [moneyMoved('txn_1', '-20', '15', '10:00'), moneyMoved('txn_2', '20', '-15', '12:00')];
    const closed = disputed('DisputeClosed', { position: 2, time: '12:00', status: 'won', transactions });
    expect(parts(disputeRows, opened, closed)).toMatchObject([
      { outcome: 'won', closed_at: at('12:00').toISOString(), withdrawn: '20', reinstated: '20', fee: '0' },
    ]);
    const inquiry = disputed('DisputeClosed', { position: 2, time: '12:00', status: 'warning_closed' });
    expect(parts(disputeRows, opened, inquiry)).toMatchObject([
      { outcome: 'closed', closed_at: at('12:00').toISOString() },
    ]);
    const appeal = disputed('DisputeUpdated', { position: 3, time: '13:00', status: 'appeal_under_review' });
    expect(parts(disputeRows, opened, closed, appeal)).toMatchObject([{ outcome: null, closed_at: null }]);
  });
});

describe('whatever the history', () => {
  const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: ALL.length, maxLength: ALL.length });
  const clock = (minute: number) => `10:${String(minute).padStart(2, '0')}`;
  const reports = fc.tuple(
    minutes,
    fc.subarray(ALL, { minLength: 1 }),
    fc.constantFrom<RefundStatus>('pending', 'succeeded', 'failed'),
  );

  /** Reports of one payment, of which some arrive, each at the position that the permutation gives it. */
  function history([times, which, status]: [number[], number[], RefundStatus], permutation: readonly number[]) {
    const makers: readonly ((position: number, time: string) => RecordedEvent)[] = [
      (position, time) => succeeded('20', { position, time, rank: 10 }),
      (position, time) => succeeded('21', { position, time, rank: 20, invoiceId: 'in_1' }),
      (position, time) => failed('ch_1', { position, time }),
      (position, time) => refunded('re_1', '5', { position, time, rank: 20 }),
      (position, time) => refunded('re_1', '5', { position, time, rank: 20, status }),
      (position, time) => refunded('re_2', '4', { position, time, rank: 10 }),
      (position, time) => refundTotal('5', { position, time }),
      (position, time) => refundTotal('9', { position, time }),
      (position, time) => disputed('DisputeUpdated', { position, time, rank: 20, funds: 'withdrawn' }),
      (position, time) =>
        disputed('DisputeUpdated', {
          position,
          time,
          rank: 20,
          transactions: [moneyMoved('txn_1', '-20', '15', '09:59')],
        }),
      (position, time) => disputed('DisputeClosed', { position, time, rank: 30, status: 'won', funds: 'reinstated' }),
    ];
    return permutation
      .filter((index) => which.includes(index))
      .map((index, position) => makers[index]?.(position + 1, clock(times[index] ?? 0)))
      .filter((event) => event !== undefined);
  }

  test('the order of arrival changes neither the payment nor its cash by time of settlement', () => {
    const permutation = fc.shuffledSubarray(ALL, { minLength: ALL.length });
    fc.assert(
      fc.property(reports, permutation, (input, shuffled) => {
        const inOrder = after(...history(input, ALL));
        const other = after(...history(input, shuffled));
        const { lines, differingReports, ...payment } = inOrder;
        expect(other).toMatchObject(payment);
        expect(cashByTime(other.lines)).toEqual(cashByTime(lines));
        expect((other.differingReports ?? 0) > 0).toBe((differingReports ?? 0) > 0);
      }),
    );
  });

  /** Sum of the amounts by kind, tenant, time and currency, without those that are zero. */
  function cashByTime(lines: readonly string[]): Map<string, string> {
    const sums = new Map<string, string>();
    for (const line of lines) {
      const [, kind, tenant, time, amount, currency] = line.split(' ');
      const key = [kind, tenant, time, currency].join(' ');
      const sum = addDecimals(parseDecimal(sums.get(key) ?? '0'), parseDecimal(amount ?? '0'));
      sums.set(key, formatDecimal(sum));
    }
    return new Map([...sums].filter(([, amount]) => amount !== formatDecimal(ZERO)).toSorted());
  }
});
