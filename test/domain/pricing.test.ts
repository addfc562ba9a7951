import { describe, expect, test } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import type { Priceable, PricePlan, PricePlanComponent } from '../../src/domain/pricing.ts';
import { pricePlanComponent, rate } from '../../src/domain/pricing.ts';

const plan = (...components: readonly PricePlanComponent[]): PricePlan => ({
  planId: 'p',
  currency: 'EUR',
  components,
});
const perSecond: PricePlanComponent = { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.0025' };
const passThrough: PricePlanComponent = { kind: 'markup', percent: '0' };
const markup: PricePlanComponent = { kind: 'markup', percent: '25' };

const seconds: Priceable = { kind: 'usage', provider: 'retell', meter: 'call_seconds', quantity: '90.25' };
const cost: Priceable = { kind: 'cost', provider: 'retell', meter: 'llm', cost: { amount: '0.105', currency: 'USD' } };

describe('a price plan', () => {
  test.each([
    [
      'usage by the unit, in the currency of the plan',
      plan(perSecond),
      seconds,
      { amount: '0.225625', currency: 'EUR' },
    ],
    ['cost passed through, in the currency of the cost', plan(passThrough), cost, { amount: '0.105', currency: 'USD' }],
    ['cost with a markup', plan(markup), cost, { amount: '0.13125', currency: 'USD' }],
    [
      'several components of one fact, together',
      plan(perSecond, perSecond),
      seconds,
      { amount: '0.45125', currency: 'EUR' },
    ],
    [
      'a price of nothing, which is a price',
      plan({ ...perSecond, unitPrice: '0' }),
      seconds,
      { amount: '0', currency: 'EUR' },
    ],
  ])('charges %s', (_name, of, fact, expected) => {
    expect(rate(of, fact)).toEqual(expected);
  });

  test.each([
    ['has no component', plan(), seconds],
    ['has only a fee', plan({ kind: 'flat', amount: '49' }), seconds],
    ['prices another meter', plan({ ...perSecond, meter: 'chats' }), seconds],
    ['prices usage, not cost', plan(perSecond), cost],
    ['prices cost, not usage', plan(markup), seconds],
    ['marks up another provider', plan({ ...markup, provider: 'twilio' }), cost],
    [
      'is asked about usage of no quantity',
      plan(perSecond),
      { kind: 'usage', provider: 'retell', meter: 'call_seconds' },
    ],
    ['is asked about a cost of no amount', plan(markup), { kind: 'cost', provider: 'retell', meter: 'llm' }],
  ] as const)('says nothing of a fact where it %s', (_name, of, fact) => {
    expect(rate(of, fact)).toBeUndefined();
  });

  test('marks up the provider that it names', () => {
    expect(rate(plan({ ...markup, provider: 'retell' }), cost)).toEqual({ amount: '0.13125', currency: 'USD' });
  });

  test('rounds nothing', () => {
    const prices = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 12n - 1n }), fc.stringMatching(/^\d{1,12}$/))
      .map(([whole, fraction]) => `${whole}.${fraction}`);
    const amounts = fc
      .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.stringMatching(/^\d{1,20}$/))
      .map(([whole, fraction]) => `${whole}.${fraction}`);
    const percents = fc.tuple(fc.nat({ max: 999_999 }), fc.stringMatching(/^\d{1,6}$/)).map((parts) => parts.join('.'));
    const plain = (value: Big) => (value.eq(0) ? '0' : value.toFixed());
    fc.assert(
      fc.property(prices, amounts, percents, (unitPrice, amount, percent) => {
        expect(rate(plan({ ...perSecond, unitPrice }), { ...seconds, quantity: amount })?.amount).toBe(
          plain(new Big(unitPrice).times(amount)),
        );
        const marked = rate(plan({ ...markup, percent }), { ...cost, cost: { amount, currency: 'USD' } });
        expect(marked?.amount).toBe(plain(new Big(amount).times(new Big(percent).times('0.01').plus(1))));
      }),
    );
  });

  test.each([
    ['more than twelve decimals', { ...perSecond, unitPrice: '0.0000000000001' }],
    ['a negative price', { ...perSecond, unitPrice: '-1' }],
    ['a number for a price', { ...perSecond, unitPrice: 1 }],
    ['a percentage in words', { ...markup, percent: 'a quarter' }],
    ['a field that nobody knows', { ...perSecond, discount: '5' }],
    ['an unknown kind', { kind: 'tiered' }],
  ])('may not have %s', (_name, component) => {
    expect(pricePlanComponent.safeParse(component).success).toBe(false);
  });
});
