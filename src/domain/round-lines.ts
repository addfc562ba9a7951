import type { Decimal } from './decimal.ts';
import { addDecimals, compareDecimals, subtractDecimals, ZERO } from './decimal.ts';
import { minorUnitDigits } from './currency.ts';
import type { RoundedMoney, RoundingRule } from './round-money.ts';
import { roundMoney } from './round-money.ts';

/**
 * Rounds the lines of one document so that they sum up to the rounded sum: each line is cut off at the minor unit below,
 * and what the rounded sum has beyond these goes to the lines with the largest remainders (of equal ones to the first), a
 * minor unit each. So no line is off by a whole minor unit, the total by half of one.
 */
export function roundLines(
  exacts: readonly Decimal[],
  currency: string,
  rule: RoundingRule,
): Readonly<{ lines: readonly RoundedMoney[]; total: RoundedMoney }> {
  const digits = minorUnitDigits(currency);
  const total = roundMoney(exacts.reduce(addDecimals, ZERO), currency, rule);
  const cutOff = exacts.map((exact) => floorTo(exact, digits));
  const rest = subtractDecimals(total.amount, cutOff.reduce(addDecimals, ZERO));
  const extra = new Set(
    exacts
      .map((exact, index) => ({ index, remainder: subtractDecimals(exact, cutOff[index] ?? ZERO) }))
      .toSorted((a, b) => compareDecimals(b.remainder, a.remainder) || a.index - b.index)
      .slice(0, countMinorUnits(rest, digits))
      .map(({ index }) => index),
  );
  const minorUnit: Decimal = { units: 1n, scale: digits };
  const lines = cutOff.map((floor, index) => {
    const amount = extra.has(index) ? addDecimals(floor, minorUnit) : floor;
    return { amount, roundingDifference: subtractDecimals(exacts[index] ?? ZERO, amount) };
  });
  return { lines, total };
}

/** The greatest multiple of the minor unit that is not above, also below zero. */
function floorTo({ units, scale }: Decimal, digits: number): Decimal {
  if (scale <= digits) return { units: units * 10n ** BigInt(digits - scale), scale: digits };
  const divisor = 10n ** BigInt(scale - digits);
  const quotient = units / divisor;
  return { units: units < 0n && units % divisor !== 0n ? quotient - 1n : quotient, scale: digits };
}

/** Between 0 and the number of lines: each line was cut off by less than one. */
function countMinorUnits(rest: Decimal, digits: number): number {
  // oxlint-disable-next-line money/no-binary-float -- a count of lines, no money
  return Number(floorTo(rest, digits).units);
}
