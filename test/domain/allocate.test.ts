import { describe, expect, test } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import { allocate } from '../../src/domain/allocate.ts';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';

const decimal = (min: bigint) =>
  fc
    .tuple(fc.bigInt({ min, max: 10n ** 12n }), fc.stringMatching(/^\d{0,8}$/))
    .map(([whole, fraction]) => (fraction === '' ? String(whole) : `${whole}.${fraction}`));
const weights = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), decimal(0n)), { selector: ([key]) => key, minLength: 1 })
  .filter((all) => all.some(([, weight]) => new Big(weight).gt(0)));

const divide = (total: string, by: readonly (readonly [string, string])[], scale: number) =>
  allocate(
    parseDecimal(total),
    by.map(([key, weight]) => ({ key, weight: parseDecimal(weight) })),
    scale,
  ).map(({ key, amount }) => [key, formatDecimal(amount)] as const);

/** One last digit at a time to whoever is furthest below the exact share. */
function slowly(total: string, by: readonly (readonly [string, string])[], scale: number) {
  const digits = Math.max(scale, (total.split('.')[1] ?? '').length);
  const whole = by.reduce((sum, [, weight]) => sum.plus(weight), new Big(0));
  const strict = Big();
  strict.DP = digits + 60;
  const size = new strict(new Big(total).abs());
  const exact = by.map(([key, weight]) => ({ key, share: size.times(weight).div(whole) }));
  const given = exact.map(({ share }) => share.round(digits, Big.roundDown));
  let left = given.reduce((rest, amount) => rest.minus(amount), new strict(size));
  const order = exact
    .map(({ key, share }, index) => ({ key, index, missing: share.minus(given[index] ?? 0) }))
    .toSorted((a, b) => b.missing.cmp(a.missing) || (a.key < b.key ? -1 : 1));
  const unit = new Big(`1e-${digits}`);
  for (const { index } of order) {
    if (left.lt(unit)) break;
    given[index] = given[index]?.plus(unit) ?? unit;
    left = left.minus(unit);
  }
  const sign = new Big(total).lt(0) ? -1 : 1;
  return given.map((amount, index) => [by[index]?.[0], amount.eq(0) ? '0' : amount.times(sign).toFixed()] as const);
}

describe('allocation', () => {
  test('gives shares that add up to the total, whatever is divided by whatever', () => {
    fc.assert(
      fc.property(decimal(-(10n ** 12n)), weights, fc.nat({ max: 12 }), (total, by, scale) => {
        const shares = divide(total, by, scale).map(([, amount]) => parseDecimal(amount));
        expect(formatDecimal(shares.reduce(addDecimals, ZERO))).toBe(formatDecimal(parseDecimal(total)));
      }),
    );
  });

  test('goes by the largest remainder, as big.js works it out', () => {
    fc.assert(
      fc.property(decimal(-(10n ** 12n)), weights, fc.nat({ max: 12 }), (total, by, scale) => {
        expect(divide(total, by, scale)).toEqual(slowly(total, by, scale));
      }),
    );
  });

  test('does not depend on the order of the weights', () => {
    fc.assert(
      fc.property(decimal(-(10n ** 12n)), weights, fc.nat({ max: 12 }), (total, by, scale) => {
        const backwards = divide(total, by.toReversed(), scale).toReversed();
        expect(backwards).toEqual(divide(total, by, scale));
      }),
    );
  });

  test('gives nothing to whom weighs nothing', () => {
    fc.assert(
      fc.property(decimal(-(10n ** 12n)), weights, fc.nat({ max: 12 }), (total, by, scale) => {
        const shares = divide(total, [...by, ['none', '0']], scale);
        expect(shares.at(-1)).toEqual(['none', '0']);
      }),
    );
  });

  test('breaks ties by the key', () => {
    const thirds = [
      ['c', '1'],
      ['a', '1'],
      ['b', '1'],
    ] as const;
    expect(divide('10', thirds, 2)).toEqual([
      ['c', '3.33'],
      ['a', '3.34'],
      ['b', '3.33'],
    ]);
    expect(divide('-10', thirds, 2)).toEqual([
      ['c', '-3.33'],
      ['a', '-3.34'],
      ['b', '-3.33'],
    ]);
  });

  test('keeps every digit of a total that has more than are asked for', () => {
    expect(
      divide(
        '0.005',
        [
          ['a', '1'],
          ['b', '1'],
        ],
        2,
      ),
    ).toEqual([
      ['a', '0.003'],
      ['b', '0.002'],
    ]);
  });

  test('of nothing is nothing, also by no weight at all', () => {
    expect(divide('0', [['a', '0']], 2)).toEqual([['a', '0']]);
    expect(divide('0', [], 2)).toEqual([]);
  });

  test.each([
    ['a weight below zero', [['a', '-1']]],
    ['no weight above zero', [['a', '0']]],
    ['no weight', []],
  ] as const)('is refused for %s', (_name, by) => {
    expect(() => divide('1', by, 2)).toThrow(RangeError);
  });
});
