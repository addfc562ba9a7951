import type { Decimal } from '../domain/decimal.ts';
import { addDecimals, formatDecimal, negateDecimal, parseDecimal, subtractDecimals, ZERO } from '../domain/decimal.ts';
import { cashOf } from './payment-cash.ts';
import type { Cash, CashKind } from './payment-cash.ts';
import type { PaymentState } from './payment-state.ts';
import type { Report } from './report.ts';
import { compareStoredReports } from './report.ts';

export type PaymentSummary = Readonly<{
  status: 'pending' | 'failed' | 'succeeded' | 'partially_refunded' | 'refunded';
  /** Of the payment; while it has not succeeded, of the latest failed attempt; else 0. */
  amount: string;
  /** In the currency of the amount. */
  refunded: string;
  /** Withdrawn by disputes, less what was reinstated. In the currency of the amount. */
  disputed: string;
  /** What the provider kept for disputes. In the currency of the amount. */
  fees: string;
  /** amount − refunded − disputed − fees; null where any of it is in another currency, and nothing is added to it. */
  netCash: string | null;
  currency: string | null;
  customerId: string | null;
  settledAt: string | null;
  failedAttempts: number;
  /** Of the latest failed attempt, also when a later one succeeded. */
  failureCode: string | null;
}>;

export function summarisePayment(state: PaymentState): PaymentSummary {
  const { payment, failures, refunds, refundTotals, disputes } = state;
  // Sorted before one is chosen: jsonb does not keep the order of keys.
  const failed = Object.values(failures).toSorted(compareByTime);
  const disputed = Object.values(disputes).map(({ report }) => report);
  const given = [...Object.values(refunds), ...refundTotals, ...disputed].toSorted(compareByTime);
  const failure = failed.at(-1);
  const main = payment ?? failure;
  const currency = main?.currency ?? given[0]?.currency ?? null;
  const cash = [...cashOf(state).values()];
  const spent = (kind: CashKind): string =>
    formatDecimal(
      negateDecimal(
        sumIn(
          currency,
          cash.filter(({ bucket }) => bucket.kind === kind),
        ),
      ),
    );
  const refunded = spent('refund');
  const isOfOneCurrency = cash.every(({ bucket }) => bucket.currency === currency);
  return {
    status: statusOf(state, refunded),
    amount: main?.amount ?? '0',
    refunded,
    disputed: spent('dispute'),
    fees: spent('fee'),
    netCash: isOfOneCurrency ? formatDecimal(sumIn(currency, cash)) : null,
    currency,
    customerId: main?.customerId ?? null,
    settledAt: payment?.occurredAt ?? null,
    failedAttempts: failed.length,
    failureCode: failure?.failureCode ?? failure?.declineCode ?? null,
  };
}

/** Different facts follow each other in time; rank only tells two reports of one fact apart. */
export function compareByTime(a: Report, b: Report): number {
  return Date.parse(a.providerTime) - Date.parse(b.providerTime) || compareStoredReports(a, b);
}

function sumIn(currency: string | null, cash: readonly Cash[]): Decimal {
  return cash
    .filter(({ bucket }) => bucket.currency === currency)
    .reduce((sum, { measures }) => addDecimals(sum, parseDecimal(measures.amount)), ZERO);
}

function statusOf({ payment, failures }: PaymentState, refunded: string): PaymentSummary['status'] {
  if (payment === undefined) return Object.keys(failures).length > 0 ? 'failed' : 'pending';
  const left = subtractDecimals(parseDecimal(payment.amount), parseDecimal(refunded));
  if (parseDecimal(refunded).units <= 0n) return 'succeeded';
  return left.units > 0n ? 'partially_refunded' : 'refunded';
}
