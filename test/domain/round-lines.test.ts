import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addDecimals,
  compareDecimals,
  formatDecimal,
  parseDecimal,
  subtractDecimals,
  ZERO,
} from '../../src/domain/decimal.ts';
import { roundLines } from '../../src/domain/round-lines.ts';

const round = (exacts: readonly string[], currency = 'EUR', rule: 'half_up' | 'half_even' = 'half_up') => {
  const { lines, total } = roundLines(exacts.map(parseDecimal), currency, rule);
  return { lines: lines.map(({ amount }) => formatDecimal(amount)), total: formatDecimal(total.amount) };
};

test('lines sum up to the rounded total, and the largest remainders get the rest', () => {
  expect(round(['0.333', '0.333', '0.334'])).toEqual({ lines: ['0.33', '0.33', '0.34'], total: '1' });
  expect(round(['0.005', '0.005'])).toEqual({ lines: ['0.01', '0'], total: '0.01' });
  expect(round(['1.005'], 'EUR', 'half_even')).toEqual({ lines: ['1'], total: '1' });
  expect(round(['100.4', '0.4'], 'JPY')).toEqual({ lines: ['101', '0'], total: '101' });
});

test('a correction below zero is a line like any other', () => {
  expect(round(['10.00', '-0.004'])).toEqual({ lines: ['10', '0'], total: '10' });
  expect(round(['-1.239', '0.001'])).toEqual({ lines: ['-1.24', '0'], total: '-1.24' });
});

const exact = fc
  .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.integer({ min: 0, max: 14 }))
  .map(([units, scale]) => ({ units, scale }));

test('whatever the lines: amounts and differences are the exact sum, and no line is off by a minor unit', () => {
  fc.assert(
    fc.property(
      fc.array(exact, { maxLength: 30 }),
      fc.constantFrom('EUR', 'JPY', 'KWD'),
      fc.constantFrom('half_up' as const, 'half_even' as const),
      (exacts, currency, rule) => {
        const { lines, total } = roundLines(exacts, currency, rule);
        const sum = exacts.reduce(addDecimals, ZERO);
        const amounts = lines.map(({ amount }) => amount).reduce(addDecimals, ZERO);
        const differences = lines.map(({ roundingDifference }) => roundingDifference).reduce(addDecimals, ZERO);
        expect(formatDecimal(amounts)).toBe(formatDecimal(total.amount));
        expect(formatDecimal(addDecimals(amounts, differences))).toBe(formatDecimal(sum));
        const minorUnit = { units: 1n, scale: { EUR: 2, JPY: 0, KWD: 3 }[currency] };
        for (const { roundingDifference: difference } of lines) {
          expect(compareDecimals(difference, minorUnit)).toBe(-1);
          expect(compareDecimals(difference, subtractDecimals(ZERO, minorUnit))).toBe(1);
        }
      },
    ),
  );
});
