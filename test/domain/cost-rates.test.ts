import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { effectiveCostRate, estimateCost } from '../../src/domain/cost-rates.ts';
import type { CostedUsage, KnownCostRate } from '../../src/domain/cost-rates.ts';

const usage: CostedUsage = {
  provider: 'twilio',
  account: 'AC1',
  meter: 'call_seconds',
  unit: 'second',
  direction: 'outbound',
  channel: null,
  occurredAt: new Date('2026-03-10T10:00:00Z'),
  firstPosition: 50n,
};

function rate(position: number, options: Partial<KnownCostRate> = {}): KnownCostRate {
  return {
    position: BigInt(position),
    provider: 'twilio',
    account: null,
    meter: 'call_seconds',
    unit: null,
    direction: null,
    channel: null,
    currency: 'USD',
    unitCost: '0.001',
    validFrom: new Date('2026-01-01T00:00:00Z'),
    validTo: null,
    reprice: false,
    ...options,
  };
}

const chosen = (rates: readonly KnownCostRate[], asOf = 100n) => effectiveCostRate(rates, usage, asOf)?.position;

describe('the cost rate of a usage', () => {
  test('is one that speaks of it, and none if there is none', () => {
    expect(chosen([])).toBeUndefined();
    expect(chosen([rate(1)])).toBe(1n);
    const others = [
      rate(1, { provider: 'retell' }),
      rate(2, { meter: 'sms' }),
      rate(3, { account: 'AC2' }),
      rate(4, { unit: 'minute' }),
      rate(5, { direction: 'inbound' }),
      // The usage does not say its channel, so a rate for one is not its rate.
      rate(6, { channel: 'phone_call' }),
    ];
    expect(chosen(others)).toBeUndefined();
  });

  test('is valid when the usage occurred: from its beginning on, its end no longer in it', () => {
    const at = usage.occurredAt;
    const before = new Date(at.getTime() - 1);
    const after = new Date(at.getTime() + 1);
    expect(chosen([rate(1, { validFrom: at })])).toBe(1n);
    expect(chosen([rate(1, { validFrom: after })])).toBeUndefined();
    expect(chosen([rate(1, { validFrom: before, validTo: at })])).toBeUndefined();
    expect(chosen([rate(1, { validFrom: before, validTo: after })])).toBe(1n);
  });

  test('is the one with the most filters, then the one that begins last, then the one set last', () => {
    const february = new Date('2026-02-01T00:00:00Z');
    expect(chosen([rate(1, { direction: 'outbound' }), rate(2, { validFrom: february })])).toBe(1n);
    expect(chosen([rate(1, { validFrom: february }), rate(2)])).toBe(1n);
    expect(chosen([rate(1, { account: 'AC1' }), rate(2, { unit: 'second' })])).toBe(2n);
  });

  test('is known at the position asked for, whatever is set later', () => {
    expect(chosen([rate(1), rate(9)], 5n)).toBe(1n);
    expect(chosen([rate(9)], 5n)).toBeUndefined();
  });

  test('that was set again with the same beginning is gone, even where the new one has ended', () => {
    const ended = rate(2, { validTo: new Date('2026-02-01T00:00:00Z') });
    expect(chosen([rate(1), ended])).toBeUndefined();
    expect(chosen([rate(1), ended], 1n)).toBe(1n);
  });
});

describe('a cost rate that is set after the usage was reported', () => {
  const direction = 'outbound';

  test('holds where none did, and leaves an estimate alone unless it says reprice', () => {
    expect(chosen([rate(60)])).toBe(60n);
    expect(chosen([rate(60), rate(61, { direction })])).toBe(60n);
    expect(chosen([rate(1), rate(60, { direction })])).toBe(1n);
    expect(chosen([rate(1), rate(60, { direction, reprice: true })])).toBe(60n);
    expect(chosen([rate(1), rate(60, { direction, reprice: true })], 59n)).toBe(1n);
  });

  test('changes nothing where another rate says more of the usage, though that one left it alone', () => {
    expect(chosen([rate(1, { direction }), rate(60, { reprice: true })])).toBe(1n);
    expect(chosen([rate(1), rate(60, { direction }), rate(61, { reprice: true })])).toBe(1n);
    expect(chosen([rate(1), rate(60, { direction }), rate(61, { direction, reprice: true })])).toBe(61n);
  });

  test('that ends another one before the usage leaves what was estimated, or takes it back if it says so', () => {
    const validTo = new Date('2026-02-01T00:00:00Z');
    expect(chosen([rate(1), rate(60, { validTo })])).toBe(1n);
    expect(chosen([rate(1), rate(60, { validTo, reprice: true })])).toBeUndefined();
    expect(chosen([rate(1), rate(60, { validTo, reprice: true }), rate(61, { direction })])).toBe(61n);
  });

  test('does not ask in which order rates are listed', () => {
    const rates = fc.uniqueArray(
      fc.record({
        position: fc.integer({ min: 40, max: 60 }),
        direction: fc.constantFrom(null, 'outbound'),
        account: fc.constantFrom(null, 'AC1'),
        validTo: fc.constantFrom(null, new Date('2026-02-01T00:00:00Z')),
        reprice: fc.boolean(),
      }),
      { selector: ({ position }) => position, maxLength: 8 },
    );
    const shuffled = rates.chain((told) =>
      fc.tuple(fc.constant(told), fc.shuffledSubarray(told, { minLength: told.length })),
    );
    fc.assert(
      fc.property(shuffled, ([told, permutation]) => {
        const of = (order: typeof told) => chosen(order.map(({ position, ...options }) => rate(position, options)));
        expect(of(permutation)).toBe(of(told));
      }),
    );
  });
});

test('an estimate is exact, however many digits the rate has', () => {
  expect(estimateCost(rate(1, { unitCost: '0.000000000000000000000001' }), '61.5')).toEqual({
    amount: '0.0000000000000000000000615',
    currency: 'USD',
  });
});
