import { formatDecimal, parseDecimal, subtractDecimals, ZERO } from '../domain/decimal.ts';
import { cashOf } from './payment-cash.ts';
import type { PaymentState } from './payment-state.ts';
import type { Report } from './report.ts';
import { compareStoredReports } from './report.ts';

export type PaymentSummary = Readonly<{
  status: 'pending' | 'failed' | 'succeeded' | 'partially_refunded' | 'refunded';
  /** Of the payment; while it has not succeeded, of the latest failed attempt; else 0. */
  amount: string;
  /** In the currency of the amount. */
  refunded: string;
  currency: string | null;
  customerId: string | null;
  settledAt: string | null;
  failedAttempts: number;
  /** Of the latest failed attempt, also when a later one succeeded. */
  failureCode: string | null;
}>;

export function summarisePayment(state: PaymentState): PaymentSummary {
  const { payment, failures, refunds, refundTotals } = state;
  // Sorted before one is chosen: jsonb does not keep the order of keys.
  const failed = Object.values(failures).toSorted(compareByTime);
  const given = [...Object.values(refunds), ...refundTotals].toSorted(compareByTime);
  const failure = failed.at(-1);
  const main = payment ?? failure;
  const currency = main?.currency ?? given[0]?.currency ?? null;
  const refunded = refundedIn(state, currency);
  return {
    status: statusOf(state, refunded),
    amount: main?.amount ?? '0',
    refunded,
    currency,
    customerId: main?.customerId ?? null,
    settledAt: payment?.occurredAt ?? null,
    failedAttempts: failed.length,
    failureCode: failure?.code ?? null,
  };
}

/** Different facts follow each other in time; rank only tells two reports of one fact apart. */
function compareByTime(a: Report, b: Report): number {
  return Date.parse(a.providerTime) - Date.parse(b.providerTime) || compareStoredReports(a, b);
}

function refundedIn(state: PaymentState, currency: string | null): string {
  const total = [...cashOf(state).values()]
    .filter(({ bucket }) => bucket.kind === 'refund' && bucket.currency === currency)
    .reduce((sum, { measures }) => subtractDecimals(sum, parseDecimal(measures.amount)), ZERO);
  return formatDecimal(total);
}

function statusOf({ payment, failures }: PaymentState, refunded: string): PaymentSummary['status'] {
  if (payment === undefined) return Object.keys(failures).length > 0 ? 'failed' : 'pending';
  const left = subtractDecimals(parseDecimal(payment.amount), parseDecimal(refunded));
  if (parseDecimal(refunded).units <= 0n) return 'succeeded';
  return left.units > 0n ? 'partially_refunded' : 'refunded';
}
