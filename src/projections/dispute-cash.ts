import type { Money } from '../domain/currency.ts';
import { addDecimals, compareDecimals, formatDecimal, negateDecimal, parseDecimal, ZERO } from '../domain/decimal.ts';
import type { Dispute } from './payment-state.ts';

/** Cash that a dispute moved: what was withdrawn and what the provider kept for it are negative. */
export type DisputeCash = Readonly<{ item: string; kind: 'dispute' | 'fee'; at: string; money: Money }>;

/**
 * By transactions where the provider tells them, at the time of each. Where it tells none of one direction, and events
 * say that the money moved that way, the disputed amount moved when the first of them happened; without a fee, since
 * nothing tells one.
 */
export function disputeCash({ report, transactions, withdrawnAt, reinstatedAt }: Dispute): readonly DisputeCash[] {
  const told = Object.entries(transactions).flatMap(([id, { amount, fee, currency, at }]): DisputeCash[] => [
    { item: id, kind: 'dispute', at, money: { amount, currency } },
    { item: id, kind: 'fee', at, money: { amount: negated(fee), currency } },
  ]);
  const signs = Object.values(transactions).map(({ amount }) => compareDecimals(parseDecimal(amount), ZERO));
  const { amount, currency } = report;
  return [
    ...told,
    ...(withdrawnAt === undefined || signs.includes(-1)
      ? []
      : [
          {
            item: 'withdrawn',
            kind: 'dispute' as const,
            at: withdrawnAt,
            money: { amount: negated(amount), currency },
          },
        ]),
    ...(reinstatedAt === undefined || signs.includes(1)
      ? []
      : [{ item: 'reinstated', kind: 'dispute' as const, at: reinstatedAt, money: { amount, currency } }]),
  ];
}

export type DisputeMoney = Readonly<{ withdrawn: string; reinstated: string; fee: string; currency: string }>;

/** What it came to, as amounts above zero; undefined before money moved, and where it moved in several currencies. */
export function disputeMoney(dispute: Dispute): DisputeMoney | undefined {
  const moved = disputeCash(dispute);
  const [currency, ...others] = new Set(moved.map(({ money }) => money.currency));
  if (currency === undefined || others.length > 0) return undefined;
  const sum = (amounts: readonly string[]): string =>
    formatDecimal(amounts.map(parseDecimal).reduce(addDecimals, ZERO));
  const amountsOf = (kind: DisputeCash['kind']): readonly string[] =>
    moved.filter((each) => each.kind === kind).map(({ money }) => money.amount);
  const isAbove = (amount: string): boolean => compareDecimals(parseDecimal(amount), ZERO) > 0;
  return {
    withdrawn: sum(
      amountsOf('dispute')
        .filter((amount) => !isAbove(amount))
        .map(negated),
    ),
    reinstated: sum(amountsOf('dispute').filter(isAbove)),
    fee: sum(amountsOf('fee').map(negated)),
    currency,
  };
}

/** `closed`: over without a decision, such as an inquiry that never became a dispute. Null while it is open. */
export function outcomeOf({ report: { status }, closedAt }: Dispute): 'won' | 'lost' | 'closed' | null {
  switch (status) {
    case 'won':
    case 'lost':
      return status;
    case 'warning_closed':
    case 'prevented':
      return 'closed';
    default:
      // An appeal opens a dispute again that was closed.
      return closedAt === undefined || status.startsWith('appeal_') ? null : 'closed';
  }
}

function negated(amount: string): string {
  return formatDecimal(negateDecimal(parseDecimal(amount)));
}
