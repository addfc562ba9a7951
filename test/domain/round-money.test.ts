import { describe, expect, test } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import { minorUnitDigits } from '../../src/domain/currency.ts';
import { addDecimals, formatDecimal, parseDecimal } from '../../src/domain/decimal.ts';
import { roundMoney } from '../../src/domain/round-money.ts';

const amounts = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.bigInt({ min: 0n, max: 10n ** 20n }),
    // Halves, which random digits would hardly ever hit.
    fc.oneof(fc.stringMatching(/^\d{1,30}$/), fc.stringMatching(/^\d{0,4}50{0,3}$/)),
  )
  .map(([sign, whole, fraction]) => `${sign}${whole}.${fraction}`);
const currencies = fc.constantFrom('EUR', 'USD', 'JPY', 'KWD', 'CLF', 'ISK', 'HUF');
const plain = (value: Big) => (value.eq(0) ? '0' : value.toFixed());

describe('rounding money', () => {
  test.each([
    ['half_up', Big.roundHalfUp],
    ['half_even', Big.roundHalfEven],
  ] as const)('%s is what big.js makes of it, at the digits of the currency', (rule, mode) => {
    fc.assert(
      fc.property(amounts, currencies, (amount, currency) => {
        const { amount: rounded } = roundMoney(parseDecimal(amount), currency, rule);
        expect(formatDecimal(rounded)).toBe(plain(new Big(amount).round(minorUnitDigits(currency), mode)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('keeps the difference, so that nothing is lost', () => {
    fc.assert(
      fc.property(amounts, currencies, fc.constantFrom('half_up', 'half_even'), (amount, currency, rule) => {
        const exact = parseDecimal(amount);
        const { amount: rounded, roundingDifference } = roundMoney(exact, currency, rule);
        expect(formatDecimal(addDecimals(rounded, roundingDifference))).toBe(formatDecimal(exact));
      }),
    );
  });

  test.each([
    ['0.125', 'EUR', '0.13', '0.12'],
    ['0.135', 'EUR', '0.14', '0.14'],
    ['-0.125', 'EUR', '-0.13', '-0.12'],
    ['0.1250000000001', 'EUR', '0.13', '0.13'],
    ['2.5', 'JPY', '3', '2'],
    ['0.0005', 'KWD', '0.001', '0'],
    ['19.9', 'EUR', '19.9', '19.9'],
    ['0', 'EUR', '0', '0'],
  ])('%s %s is %s half up and %s half even', (amount, currency, up, even) => {
    expect(formatDecimal(roundMoney(parseDecimal(amount), currency, 'half_up').amount)).toBe(up);
    expect(formatDecimal(roundMoney(parseDecimal(amount), currency, 'half_even').amount)).toBe(even);
  });
});
