import { describe, expect, test } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import type { Decimal } from '../../src/domain/decimal.ts';
import {
  addDecimals,
  compareDecimals,
  divideDecimals,
  formatDecimal,
  InvalidDecimalError,
  multiplyDecimals,
  negateDecimal,
  parseDecimal,
  shiftDecimal,
  subtractDecimals,
  ZERO,
} from '../../src/domain/decimal.ts';

const decimals = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.bigInt({ min: 0n, max: 10n ** 40n }),
    fc.option(fc.stringMatching(/^\d{0,40}$/), { nil: undefined }),
    fc.option(fc.integer({ min: -30, max: 30 }), { nil: undefined }),
  )
  .map(([sign, whole, fraction, exponent]) => {
    const digits = fraction === undefined ? String(whole) : `${whole}.${fraction}`;
    return `${sign}${digits}${exponent === undefined ? '' : `e${exponent}`}`;
  });

/** big.js reads no plus sign and no point without digits behind it; it prints no `-0`. */
function big(text: string): Big {
  return new Big(text.replace('+', '').replace(/\.(?=e|$)/, ''));
}

const plain = (value: Big) => (value.eq(0) ? '0' : value.toFixed());

describe('a decimal', () => {
  test('is read and written as big.js does', () => {
    fc.assert(fc.property(decimals, (text) => expect(formatDecimal(parseDecimal(text))).toBe(plain(big(text)))));
  });

  test('survives being written and read again', () => {
    fc.assert(
      fc.property(decimals, (text) => {
        const written = formatDecimal(parseDecimal(text));
        expect(formatDecimal(parseDecimal(written))).toBe(written);
        expect(written).toMatch(/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/);
        expect(written).not.toBe('-0');
      }),
    );
  });

  test.each([
    ['adds', addDecimals, (a: Big, b: Big) => a.plus(b)],
    ['subtracts', subtractDecimals, (a: Big, b: Big) => a.minus(b)],
    ['multiplies', multiplyDecimals, (a: Big, b: Big) => a.times(b)],
  ])('%s as big.js does', (_name, ours: (a: Decimal, b: Decimal) => Decimal, theirs) => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(formatDecimal(ours(parseDecimal(a), parseDecimal(b)))).toBe(plain(theirs(big(a), big(b))));
      }),
    );
  });

  test('divides as big.js does, half away from zero', () => {
    const nonZero = decimals.filter((text) => parseDecimal(text).units !== 0n);
    fc.assert(
      fc.property(decimals, nonZero, fc.integer({ min: 0, max: 40 }), (a, b, scale) => {
        const strict = Big();
        strict.DP = scale;
        strict.RM = 1;
        const quotient = new strict(big(a)).div(new strict(big(b)));
        expect(formatDecimal(divideDecimals(parseDecimal(a), parseDecimal(b), scale))).toBe(plain(quotient));
      }),
    );
    const half = (text: string) => formatDecimal(divideDecimals(parseDecimal(text), parseDecimal('2'), 0));
    expect([half('1'), half('-1'), half('0.9'), half('5')]).toEqual(['1', '-1', '0', '3']);
    expect(() => divideDecimals(parseDecimal('1'), ZERO, 12)).toThrow(RangeError);
  });

  test('compares as big.js does, whatever the number of digits behind the point', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(compareDecimals(parseDecimal(a), parseDecimal(b))).toBe(big(a).cmp(big(b)));
        expect(compareDecimals(parseDecimal(a), parseDecimal(a))).toBe(0);
      }),
    );
    expect(compareDecimals(parseDecimal('1.50'), parseDecimal('1.5'))).toBe(0);
  });

  test('moves its point without losing a digit', () => {
    fc.assert(
      fc.property(decimals, fc.integer({ min: -20, max: 20 }), (text, places) => {
        const expected = big(text).times(new Big(`1e${places}`));
        expect(formatDecimal(shiftDecimal(parseDecimal(text), places))).toBe(plain(expected));
      }),
    );
  });

  test('and its negative make zero', () => {
    fc.assert(
      fc.property(decimals, (text) => {
        const value = parseDecimal(text);
        expect(formatDecimal(addDecimals(value, negateDecimal(value)))).toBe(formatDecimal(ZERO));
      }),
    );
  });

  test('that a float would change is exact', () => {
    const sum = addDecimals(parseDecimal('0.1'), parseDecimal('0.2'));
    expect(formatDecimal(sum)).toBe('0.3');
    expect(formatDecimal(parseDecimal('12345678901234567890.000000000000000001'))).toBe(
      '12345678901234567890.000000000000000001',
    );
  });

  test.each(['', ' ', '.', '-', '+-1', '1,5', '1 ', 'NaN', 'Infinity', '0x10', '1e', '1e1.5', '--1', '1_000', '１'])(
    'is not read from %j',
    (text) => {
      expect(() => parseDecimal(text)).toThrow(InvalidDecimalError);
    },
  );

  test.each(['1e400000', '1e-400000', '9'.repeat(2_001), `0.${'1'.repeat(2_001)}`])(
    'is refused when it has more digits than any money (%#)',
    (text) => {
      expect(() => parseDecimal(text)).toThrow(InvalidDecimalError);
    },
  );
});
