import type { Decimal } from '../domain/decimal.ts';
import { addDecimals, formatDecimal, negateDecimal, parseDecimal, subtractDecimals, ZERO } from '../domain/decimal.ts';
import type { Contribution } from './differences.ts';
import { disputeCash } from './dispute-cash.ts';
import type { PaymentState, Refund, RefundStatus } from './payment-state.ts';
import { compareStoredReports } from './report.ts';

/** `payment` and `refund` are what is collected; `dispute` and `fee` stand beside it, and are never in it. */
export type CashKind = 'payment' | 'refund' | 'dispute' | 'fee';

export type CashBucket = Readonly<{
  kind: CashKind;
  tenantId: string;
  provider: string;
  mode: string;
  books: string;
  settledAt: string;
  currency: string;
}>;
export type Cash = Contribution<CashBucket, 'amount'>;

/** A pending refund counts: the money is on its way out, and nearly all of them arrive. */
const MONEY_GOES_OUT: readonly RefundStatus[] = ['pending', 'succeeded'];

export function isCounted({ status }: Pick<Refund, 'status'>): boolean {
  return MONEY_GOES_OUT.includes(status);
}

/**
 * The cash that a payment stands for, by an item key that stays the same while its figures change: the payment, each
 * refund (negative), what totals say was refunded beyond the refunds that we know, and what disputes moved.
 */
export function cashOf(state: PaymentState): ReadonlyMap<string, Cash> {
  const items = new Map<string, Cash>();
  const { payment } = state;
  if (payment !== undefined) items.set('payment', cash(state, 'payment', payment.occurredAt, payment));
  for (const [factKey, refund] of Object.entries(state.refunds)) {
    if (!isCounted(refund)) continue;
    const amount = formatDecimal(negateDecimal(parseDecimal(refund.amount)));
    items.set(`refund ${factKey}`, cash(state, 'refund', refund.occurredAt, { amount, currency: refund.currency }));
  }
  for (const { position, at, amount, currency } of unlistedRefunds(state)) {
    items.set(`unlisted ${position}`, cash(state, 'refund', at, { amount, currency }));
  }
  for (const [factKey, dispute] of Object.entries(state.disputes)) {
    for (const { item, kind, at, money } of disputeCash(dispute)) {
      items.set(`${kind} ${factKey} ${item}`, cash(state, kind, at, money));
    }
  }
  return items;
}

function cash(
  { tenantId, provider, mode, books }: PaymentState,
  kind: CashKind,
  settledAt: string,
  { amount, currency }: Readonly<{ amount: string; currency: string }>,
): Cash {
  return { bucket: { kind, tenantId, provider, mode, books, settledAt, currency }, measures: { amount } };
}

type Unlisted = Readonly<{ position: string; at: string; amount: string; currency: string }>;

/**
 * A source may report that so much of a charge was refunded without ever listing the refunds. What the totals exceed
 * the known refunds by (whatever became of those: they were in the total once) is booked at each total's own time, so
 * that a second partial refund does not pull the first into its month. The last total is held against every refund
 * known; an earlier one against those up to its time.
 */
export function unlistedRefunds({ refundTotals, refunds }: PaymentState): readonly Unlisted[] {
  const byCurrency = Map.groupBy(refundTotals, ({ currency }) => currency);
  return [...byCurrency].flatMap(([currency, totals]) => {
    const known = Object.values(refunds).filter((refund) => refund.currency === currency);
    const totalOfCharge = new Map<string, Decimal>();
    let booked = ZERO;
    return totals.toSorted(compareStoredReports).map((total, index) => {
      totalOfCharge.set(total.chargeId, parseDecimal(total.amount));
      const isLast = index === totals.length - 1;
      const listed = known.filter(
        ({ occurredAt }) => isLast || Date.parse(occurredAt) <= Date.parse(total.providerTime),
      );
      const excess = subtractDecimals(
        sum([...totalOfCharge.values()]),
        sum(listed.map(({ amount }) => parseDecimal(amount))),
      );
      const unlisted = excess.units > 0n ? excess : ZERO;
      const amount = formatDecimal(subtractDecimals(booked, unlisted));
      booked = unlisted;
      return { position: total.position, at: total.providerTime, amount, currency };
    });
  });
}

function sum(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce(addDecimals, ZERO);
}
