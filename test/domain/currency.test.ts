import { describe, expect, test } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import { retellMoney, stripeMoney } from '../../src/domain/currency.ts';
import { InvalidDecimalError } from '../../src/domain/decimal.ts';

describe('stripeMoney', () => {
  test.each([
    ['1999', 'usd', '19.99', 'USD'],
    ['1999', 'USD', '19.99', 'USD'],
    ['0', 'eur', '0', 'EUR'],
    ['-500', 'eur', '-5', 'EUR'],
    ['1999', 'jpy', '1999', 'JPY'],
    ['1999', 'krw', '1999', 'KRW'],
    ['1999', 'kwd', '1.999', 'KWD'],
    ['1999', 'huf', '19.99', 'HUF'],
    // Stripe's own exceptions from ISO 4217.
    ['1900', 'isk', '19', 'ISK'],
    ['1900', 'ugx', '19', 'UGX'],
    ['1999', 'mga', '1999', 'MGA'],
  ])('%s of %s is %s %s', (minor, code, amount, currency) => {
    expect(stripeMoney(minor, code)).toEqual({ amount, currency });
  });

  test('is exact for any integer', () => {
    const currencies = fc.constantFrom<[string, number]>(['usd', 2], ['eur', 2], ['jpy', 0], ['bhd', 3]);
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), currencies, (minor, [code, digits]) => {
        const expected = new Big(String(minor)).times(new Big(`1e-${digits}`));
        expect(stripeMoney(String(minor), code).amount).toBe(expected.eq(0) ? '0' : expected.toFixed());
      }),
    );
  });

  test('is refused for what is no number', () => {
    expect(() => stripeMoney('many', 'usd')).toThrow(InvalidDecimalError);
  });
});

describe('retellMoney', () => {
  test.each([
    ['12.5', '0.125'],
    ['70', '0.7'],
    ['0', '0'],
    ['-2.5', '-0.025'],
    ['1e-7', '0.000000001'],
    ['0.10', '0.001'],
  ])('%s cents are %s dollars', (cents, amount) => {
    expect(retellMoney(cents)).toEqual({ amount, currency: 'USD' });
  });

  test('is exact for any decimal', () => {
    const cents = fc
      .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.stringMatching(/^\d{1,30}$/))
      .map(([whole, fraction]) => `${whole}.${fraction}`);
    fc.assert(
      fc.property(cents, (text) => {
        const expected = new Big(text).times('0.01');
        expect(retellMoney(text).amount).toBe(expected.eq(0) ? '0' : expected.toFixed());
      }),
    );
  });
});
