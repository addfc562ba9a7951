import { describe, expect, test } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import type { PricePlan, PricePlanComponent } from '../../src/domain/pricing.ts';
import { pricePlanComponent, pricePlanComponents } from '../../src/domain/pricing.ts';
import { decides, rate } from '../../src/domain/rate-fact.ts';
import type { Priceable } from '../../src/domain/rate-fact.ts';

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

function amountOf(of: PricePlan, fact: Priceable): string | undefined {
  const rating = rate(of, fact);
  return rating?.by === 'fact' ? rating.amount.amount : undefined;
}

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
      'by two like components of a plan of before, together',
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
    expect(rate(of, fact)).toEqual({ by: 'fact', componentNo: 0, amount: expected });
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
    expect(amountOf(plan({ ...markup, provider: 'retell' }), cost)).toBe('0.13125');
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
        expect(amountOf(plan({ ...perSecond, unitPrice }), { ...seconds, quantity: amount })).toBe(
          plain(new Big(unitPrice).times(amount)),
        );
        const marked = amountOf(plan({ ...markup, percent }), { ...cost, cost: { amount, currency: 'USD' } });
        expect(marked).toBe(plain(new Big(amount).times(new Big(percent).times('0.01').plus(1))));
      }),
    );
  });
});

describe('of the prices of a plan that speak of a usage', () => {
  const outbound: Priceable = { ...seconds, provider: 'twilio', direction: 'outbound', channel: 'phone_call' };
  /** In the order in which they win. */
  const dimensions = [
    { provider: 'twilio', direction: 'outbound', channel: 'phone_call' },
    { provider: 'twilio', direction: 'outbound' },
    { provider: 'twilio', channel: 'phone_call' },
    { direction: 'outbound', channel: 'phone_call' },
    { provider: 'twilio' },
    { direction: 'outbound' },
    { channel: 'phone_call' },
    {},
  ];

  test('the one that says most about it charges for it, in whatever order they are written', () => {
    const components = dimensions.map((each): PricePlanComponent => ({ ...perSecond, ...each }));
    expect(pricePlanComponents.safeParse(components).success).toBe(true);
    for (const from of components.keys()) {
      const left = components.slice(from);
      expect(rate(plan(...left), outbound)).toMatchObject({ by: 'fact', componentNo: 0 });
      expect(rate(plan(...left.toReversed()), outbound)).toMatchObject({ componentNo: left.length - 1 });
    }
  });

  test.each([
    { provider: 'retell' },
    { direction: 'inbound' },
    { channel: 'sms' },
    { provider: 'twilio', direction: 'inbound' },
  ])('none is for other usage: %j', (other) => {
    expect(rate(plan({ ...perSecond, ...other }), outbound)).toBeUndefined();
  });

  test('one with a direction is not for usage that tells none', () => {
    expect(rate(plan({ ...perSecond, direction: 'outbound' }), seconds)).toBeUndefined();
    expect(rate(plan({ ...perSecond, direction: 'outbound' }), { ...seconds, direction: null })).toBeUndefined();
  });

  test('one that rates the month is no amount of the fact', () => {
    const included: PricePlanComponent = { kind: 'included', meter: 'call_seconds', quantity: '1000', unitPrice: '1' };
    expect(rate(plan(perSecond, { ...included, provider: 'twilio' }), outbound)).toEqual({
      by: 'aggregate',
      componentNo: 1,
    });
    expect(rate(plan(included, { ...perSecond, provider: 'twilio' }), outbound)).toMatchObject({ by: 'fact' });
  });
});

test('a markup of a provider goes before one of all: a cost is passed through once', () => {
  const both = plan(passThrough, { ...markup, provider: 'retell' });
  expect(amountOf(both, cost)).toBe('0.13125');
  expect(amountOf(both, { ...cost, provider: 'twilio' })).toBe('0.105');
});

test('a plan decides on usage that it speaks of and on any cost, which it passes on or not', () => {
  expect(decides(plan(perSecond), seconds)).toBe(true);
  expect(decides(plan({ ...perSecond, meter: 'chats' }), seconds)).toBe(false);
  expect(decides(plan(markup), seconds)).toBe(false);
  expect(decides(plan(perSecond), cost)).toBe(true);
});

describe('a price', () => {
  const tiers = [
    { upTo: '1000', unitPrice: '0.01' },
    { upTo: null, unitPrice: '0.008', flatFee: '5' },
  ];
  const graduated = { kind: 'graduated', meter: 'call_seconds', tiers };

  test.each([
    [graduated],
    [{ ...graduated, kind: 'volume', provider: 'twilio', direction: 'outbound', channel: 'sms' }],
    [{ kind: 'package', meter: 'call_seconds', size: '100', price: '9' }],
    [{ kind: 'included', meter: 'call_seconds', quantity: '1000', unitPrice: '0.01' }],
    [{ kind: 'minimum', amount: '99' }],
    [{ kind: 'recurring', name: 'Support', amount: '300', interval: 'quarter' }],
    [{ ...graduated, tiers: [{ upTo: null, unitPrice: '1' }] }],
  ])('may be %j', (component) => {
    expect(pricePlanComponent.parse(component)).toEqual(component);
  });

  const withTiers = (...upTos: (string | null)[]) => ({
    ...graduated,
    tiers: upTos.map((upTo) => ({ upTo, unitPrice: '1' })),
  });
  test.each([
    ['more than twelve decimals', { ...perSecond, unitPrice: '0.0000000000001' }, 'unitPrice', 'at most 12 decimals'],
    ['a negative amount', { ...perSecond, unitPrice: '-1' }, 'unitPrice', 'decimal string'],
    ['a number for an amount', { ...perSecond, unitPrice: 1 }, 'unitPrice', 'expected string'],
    ['a percentage in words', { ...markup, percent: 'a quarter' }, 'percent', 'a percentage'],
    ['a field that nobody knows', { ...perSecond, discount: '5' }, '', 'discount'],
    ['an unknown kind', { kind: 'tiered' }, 'kind', 'Invalid'],
    ['no open end', withTiers('1000', '2000'), 'tiers.1.upTo', 'the last tier is open-ended: set upTo to null'],
    ['an open end in between', withTiers(null, '2000', null), 'tiers.0.upTo', 'only the last tier may be open-ended'],
    ['tiers that overlap', withTiers('1000', '500', null), 'tiers.1.upTo', 'must be above 1000, where the tier begins'],
    ['an empty tier', withTiers('1000', '1000.0', null), 'tiers.1.upTo', 'must be above 1000'],
    ['a first tier of nothing', withTiers('0', null), 'tiers.0.upTo', 'must be above 0'],
    ['no tier', withTiers(), 'tiers', '>=1'],
    ['a bound of 13 decimals', withTiers('0.0000000000001', null), 'tiers.0.upTo', 'at most 12 decimals'],
    ['packages of nothing', { kind: 'package', meter: 'm', size: '0.00', price: '9' }, 'size', 'must be above zero'],
    ['an interval of its own', { kind: 'recurring', name: 'n', amount: '1', interval: 'week' }, 'interval', '"year"'],
  ])('may not have %s, and says where and why', (_name, component, field, message) => {
    const issues = pricePlanComponent.safeParse(component).error?.issues ?? [];
    expect(issues.map(({ path }) => path.join('.'))).toContain(field);
    expect(issues.map((issue) => issue.message).join(' ')).toContain(message);
  });
});

describe('the prices of a new plan', () => {
  test.each([
    [
      'the same usage',
      [perSecond, { ...perSecond, unitPrice: '1' }],
      'is the second price of call_seconds, after components[0]: leave one out, or tell them apart by provider',
    ],
    [
      'the same usage by the fact and by the month',
      [
        { ...perSecond, direction: 'inbound' },
        { kind: 'package', meter: 'call_seconds', direction: 'inbound', size: '1', price: '1' },
      ],
      'is the second price of call_seconds inbound, after components[0]',
    ],
    ['the cost of one provider', [markup, passThrough], 'is the second price of cost of any provider'],
    [
      'two minimums',
      [
        { kind: 'minimum', amount: '1' },
        { kind: 'minimum', amount: '2' },
      ],
      'is the second price of the minimum',
    ],
    [
      'two fees of one name',
      [
        { kind: 'recurring', name: 'Seat', amount: '1', interval: 'month' },
        { kind: 'recurring', name: 'Seat', amount: '1', interval: 'year' },
      ],
      'is the second price of "Seat", after components[0]: give each recurring fee a name of its own',
    ],
  ] as const)('may not ask twice for %s', (_name, components, message) => {
    const { error } = pricePlanComponents.safeParse(components);
    expect(error?.issues).toMatchObject([{ path: [1] }]);
    expect(error?.issues[0]?.message).toContain(message);
  });

  test('may tell usage apart by any dimension, and have several monthly fees', () => {
    const components = [
      perSecond,
      { ...perSecond, provider: 'twilio' },
      { ...perSecond, direction: 'twilio' },
      { kind: 'flat', amount: '1' },
      { kind: 'flat', amount: '1' },
    ];
    expect(pricePlanComponents.safeParse(components).error).toBeUndefined();
  });

  test('are one at least', () => {
    expect(pricePlanComponents.safeParse([]).error?.issues[0]?.message).toBe('a plan needs a price at least');
  });
});
