import { minorUnitDigits } from './currency.ts';
import type { Decimal } from './decimal.ts';
import { divideDecimals, subtractDecimals } from './decimal.ts';

/** Of what lies just between two amounts. `half_up`: away from zero. `half_even`: to the one whose last digit is even. */
export const ROUNDING_RULES = ['half_up', 'half_even'] as const;
export type RoundingRule = (typeof ROUNDING_RULES)[number];

/** `amount` + `roundingDifference` is what was rounded, exactly. */
export type RoundedMoney = Readonly<{ amount: Decimal; roundingDifference: Decimal }>;

/**
 * To the minor units that ISO 4217 gives the currency. For the lines of statements alone: money is rounded once, there,
 * and nowhere before.
 */
export function roundMoney(exact: Decimal, currency: string, rule: RoundingRule): RoundedMoney {
  const amount = rounded(exact, minorUnitDigits(currency), rule);
  return { amount, roundingDifference: subtractDecimals(exact, amount) };
}

function rounded(exact: Decimal, scale: number, rule: RoundingRule): Decimal {
  const up = divideDecimals(exact, { units: 1n, scale: 0 }, scale);
  if (rule === 'half_up' || up.units % 2n === 0n) return up;
  const { units, scale: digits } = subtractDecimals(up, exact);
  const isHalf = 2n * (units < 0n ? -units : units) === 10n ** BigInt(digits - scale);
  return isHalf ? { units: up.units + (up.units < 0n ? 1n : -1n), scale } : up;
}
