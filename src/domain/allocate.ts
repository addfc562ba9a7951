import type { Decimal } from './decimal.ts';
import { addDecimals, ZERO } from './decimal.ts';

export type Weight = Readonly<{ key: string; weight: Decimal }>;
export type Share = Readonly<{ key: string; amount: Decimal }>;

/**
 * Divides a total by weights, to `scale` digits behind the point (to as many as the total has, if it has more), so that
 * the shares add up to it exactly. What division leaves over goes by the largest remainder, one last digit each; of
 * equal remainders the lesser key (by code units) is first, so that the order of the weights does not matter. A negative
 * total gives the negative shares of its opposite. Shares come in the order of the weights.
 * @throws RangeError when a weight is below zero, or when none is above zero and there is something to divide.
 */
export function allocate(total: Decimal, weights: readonly Weight[], scale: number): readonly Share[] {
  const weightScale = Math.max(0, ...weights.map(({ weight }) => weight.scale));
  const parts = weights.map(({ key, weight }, index) => ({ key, index, weight: unitsAt(weight, weightScale) }));
  const negative = parts.find(({ weight }) => weight < 0n);
  if (negative !== undefined) throw new RangeError(`The weight of ${negative.key} is below zero; weights are shares.`);

  const shareScale = Math.max(scale, total.scale);
  const units = unitsAt(total, shareScale);
  const size = units < 0n ? -units : units;
  const whole = parts.reduce((sum, { weight }) => sum + weight, 0n);
  if (whole === 0n) {
    if (size !== 0n) throw new RangeError('No weight is above zero, so that nothing says who gets the amount.');
    return weights.map(({ key }) => ({ key, amount: ZERO }));
  }

  const shares = parts.map(({ weight }) => (size * weight) / whole);
  const left = size - shares.reduce((sum, share) => sum + share, 0n);
  const byRemainder = parts
    .map(({ key, index, weight }) => ({ key, index, remainder: (size * weight) % whole }))
    .toSorted((a, b) => compare(b.remainder, a.remainder) || compare(a.key, b.key));
  // Fewer are left than there are remainders above zero, so that who weighs nothing gets nothing.
  const favoured = new Set(byRemainder.filter((_part, rank) => BigInt(rank) < left).map(({ index }) => index));
  return shares.map((share, index) => {
    const amount = share + (favoured.has(index) ? 1n : 0n);
    return { key: weights[index]?.key ?? '', amount: { units: units < 0n ? -amount : amount, scale: shareScale } };
  });
}

function unitsAt(decimal: Decimal, scale: number): bigint {
  return addDecimals(decimal, { units: 0n, scale }).units;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
