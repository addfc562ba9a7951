import { describe, expect, test } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import { pricePlanComponent } from '../../src/domain/pricing.ts';
import type { AggregateComponent } from '../../src/domain/pricing.ts';
import { rateAggregate, topUp } from '../../src/domain/rate-aggregate.ts';

type Tier = Extract<AggregateComponent, { kind: 'graduated' }>['tiers'][number];

const price = fc.constantFrom('0', '0.000000000001', '0.0025', '1', '3.10', '12');
const fee = fc.option(fc.constantFrom('0', '5', '0.01'), { nil: undefined });
/** Small steps, so that quantities fall on bounds. */
const steps = fc.array(fc.constantFrom('1', '2.5', '0.000000000001', '10'), { maxLength: 4 });
const tiers: fc.Arbitrary<Tier[]> = steps.chain((widths) => {
  let upTo = new Big(0);
  const bounds = widths.map((width) => (upTo = upTo.plus(width)).toFixed());
  return fc
    .tuple(...[...bounds, null].map((bound) => fc.record({ upTo: fc.constant(bound), unitPrice: price, fee })))
    .map((list) =>
      list.map(({ fee: flatFee, ...tier }) => ({ ...tier, ...(flatFee === undefined ? {} : { flatFee }) })),
    );
});
const quantity = fc.oneof(
  fc.constantFrom('0', '1', '2.5', '3.5', '10', '13.5', '0.000000000001', '1.0000000000000001'),
  fc.tuple(fc.nat({ max: 40 }), fc.stringMatching(/^\d{1,20}$/)).map((parts) => parts.join('.')),
);
const meter = 'call_seconds';
const graduated = tiers.map((list): AggregateComponent => ({ kind: 'graduated', meter, tiers: list }));
const volume = tiers.map((list): AggregateComponent => ({ kind: 'volume', meter, tiers: list }));
const packages = fc
  .record({ size: fc.constantFrom('1', '0.5', '3', '7.25'), price })
  .map((one): AggregateComponent => ({ kind: 'package', meter, ...one }));
const included = fc
  .record({ quantity: fc.constantFrom('1', '0.5', '10'), unitPrice: price })
  .map((one): AggregateComponent => ({ kind: 'included', meter, ...one }));
const any = fc.oneof(graduated, volume, packages, included);

const plain = (value: Big) => (value.eq(0) ? '0' : value.toFixed());

/** What big.js makes of it, bound by bound. */
function slowly(component: AggregateComponent, used: Big): Big {
  const sum = (parts: readonly Big[]) => parts.reduce((total, part) => total.plus(part), new Big(0));
  const isIn = (at: Big, index: number, list: readonly Tier[]) => {
    const { upTo } = list[index] ?? { upTo: null };
    return at.gt(list[index - 1]?.upTo ?? 0) && (upTo === null || at.lte(upTo));
  };
  if (used.eq(0)) return used;
  switch (component.kind) {
    case 'graduated':
      return sum(
        component.tiers.map(({ upTo, unitPrice, flatFee = '0' }, index) => {
          const from = new Big(component.tiers[index - 1]?.upTo ?? 0);
          const to = upTo === null || used.lt(upTo) ? used : new Big(upTo);
          return to.lte(from) ? new Big(0) : to.minus(from).times(unitPrice).plus(flatFee);
        }),
      );
    case 'volume':
      return sum(
        component.tiers
          .filter((_tier, index) => isIn(used, index, component.tiers))
          .map(({ unitPrice, flatFee = '0' }) => used.times(unitPrice).plus(flatFee)),
      );
    case 'package': {
      let count = 0;
      while (used.gt(new Big(component.size).times(count))) count += 1;
      return new Big(component.price).times(count);
    }
    case 'included':
      return used.lte(component.quantity) ? new Big(0) : used.minus(component.quantity).times(component.unitPrice);
  }
}

describe("what a month's quantity is charged", () => {
  test('is what big.js makes of it, for any price and any quantity, and its lines add up to it', () => {
    fc.assert(
      fc.property(any, quantity, (component, used) => {
        expect(pricePlanComponent.safeParse(component).success).toBe(true);
        const { lines, exact } = rateAggregate(component, used);
        expect(exact).toBe(plain(slowly(component, new Big(used))));
        expect(plain(lines.reduce((sum, line) => sum.plus(line.exact), new Big(0)))).toBe(exact);
        for (const line of lines) {
          if (line.quantity === null || line.unitPrice === null) continue;
          expect(line.exact).toBe(plain(new Big(line.quantity).times(line.unitPrice)));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('by graduated tiers is each unit at the price of its tier', () => {
    const component: AggregateComponent = {
      kind: 'graduated',
      meter,
      tiers: [
        { upTo: '3', unitPrice: '5' },
        { upTo: '7', unitPrice: '2' },
        { upTo: null, unitPrice: '0.5' },
      ],
    };
    const marginal = (unit: number) => (unit <= 3 ? '5' : unit <= 7 ? '2' : '0.5');
    let total = new Big(0);
    for (let units = 1; units <= 20; units += 1) {
      total = total.plus(marginal(units));
      expect(rateAggregate(component, String(units)).exact).toBe(plain(total));
    }
  });

  test('never falls when more is used, but by volume, where all of it gets cheaper', () => {
    fc.assert(
      fc.property(fc.oneof(graduated, packages, included), quantity, quantity, (component, a, b) => {
        const [less, more] = new Big(a).lt(b) ? [a, b] : [b, a];
        expect(new Big(rateAggregate(component, less).exact).lte(rateAggregate(component, more).exact)).toBe(true);
      }),
    );
  });

  test('by volume is in one tier', () => {
    fc.assert(
      fc.property(volume, quantity, (component, used) => {
        const { lines } = rateAggregate(component, used);
        expect(new Set(lines.map(({ tier }) => tier)).size).toBe(new Big(used).eq(0) ? 0 : 1);
        expect(lines.filter(({ quantity: units }) => units !== null).map(({ quantity: units }) => units)).toEqual(
          new Big(used).eq(0) ? [] : [plain(new Big(used))],
        );
      }),
    );
  });

  test('below zero is taken off as its opposite would be charged', () => {
    fc.assert(
      fc.property(any, quantity, (component, used) => {
        const below = plain(new Big(used).times(-1));
        expect(rateAggregate(component, below).exact).toBe(
          plain(new Big(rateAggregate(component, used).exact).times(-1)),
        );
      }),
    );
  });
});

describe('the lines of a charge', () => {
  const tiered = [
    { upTo: '1000', unitPrice: '0.0100' },
    { upTo: '5000', unitPrice: '0.008', flatFee: '2' },
    { upTo: null, unitPrice: '0.005' },
  ];
  const linesOf = (component: AggregateComponent, used: string) =>
    rateAggregate(component, used).lines.map(({ tier, quantity: units, unitPrice, exact }) =>
      units === null ? `${tier}: ${exact}` : `${tier}: ${units} x ${unitPrice} = ${exact}`,
    );

  test('name the tiers, and the fee of a tier is a line of its own', () => {
    const component = { kind: 'graduated' as const, meter, tiers: tiered };
    expect(linesOf(component, '6000')).toEqual([
      '0–1000: 1000 x 0.01 = 10',
      '1000–5000: 4000 x 0.008 = 32',
      '1000–5000: 2',
      'over 5000: 1000 x 0.005 = 5',
    ]);
    expect(linesOf(component, '1000')).toEqual(['0–1000: 1000 x 0.01 = 10']);
    expect(linesOf(component, '1000.5')).toEqual([
      '0–1000: 1000 x 0.01 = 10',
      '1000–5000: 0.5 x 0.008 = 0.004',
      '1000–5000: 2',
    ]);
    expect(linesOf({ ...component, kind: 'volume' }, '5000')).toEqual(['1000–5000: 5000 x 0.008 = 40', '1000–5000: 2']);
  });

  test('count packages that are started, and show what is included', () => {
    const pack = { kind: 'package' as const, meter, size: '100.0', price: '9' };
    expect(linesOf(pack, '200')).toEqual(['package of 100: 2 x 9 = 18']);
    expect(linesOf(pack, '200.000000000000001')).toEqual(['package of 100: 3 x 9 = 27']);
    const free = { kind: 'included' as const, meter, quantity: '1000', unitPrice: '0.02' };
    expect(linesOf(free, '250')).toEqual(['0–1000: 250 x 0 = 0']);
    expect(linesOf(free, '1250')).toEqual(['0–1000: 1000 x 0 = 0', 'over 1000: 250 x 0.02 = 5']);
  });

  test('are none for a month without usage', () => {
    expect(rateAggregate({ kind: 'graduated', meter, tiers: tiered }, '0.000')).toEqual({ lines: [], exact: '0' });
  });
});

test.each([
  ['100', '60.5', '39.5'],
  ['100', '100', '0'],
  ['100', '120', '0'],
  ['100', '-5', '105'],
])('a minimum of %s over charges of %s tops up %s', (minimum, charged, expected) => {
  expect(topUp(minimum, charged)).toBe(expected);
});
