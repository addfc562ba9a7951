import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../../src/domain/decimal.ts';
import { shareCost } from '../../../src/finance/provider-costs/share-cost.ts';
import type { Bearer } from '../../../src/finance/provider-costs/share-cost.ts';
import type { ProviderCost } from '../../../src/finance/provider-costs/read-provider-costs.ts';

type Allocation = ProviderCost['allocation'];

function cost(amount: string, allocation: Allocation): ProviderCost {
  return {
    position: '1',
    costId: 'c1',
    provider: 'twilio',
    account: null,
    category: 'purchase',
    component: 'numbers',
    description: null,
    amount,
    currency: 'USD',
    periodFrom: new Date('2026-10-01T00:00:00Z'),
    periodTo: new Date('2026-11-01T00:00:00Z'),
    allocation,
    reference: null,
    enteredBy: 'ada',
    voidPosition: null,
    voidReason: null,
    voidedBy: null,
  };
}
const used = (tenantId: string, quantity: string, facts = '1'): Bearer => ({ tenantId, quantity, facts });
const byUsage: Allocation = { key: 'usage', meter: 'call_seconds' };

describe('who bears a fixed cost', () => {
  test('direct: the one tenant', () => {
    expect(shareCost(cost('115', { key: 'direct', tenantId: 'tnt_a' }), [used('tnt_b', '9')])).toEqual([
      { tenantId: 'tnt_a', amount: '115' },
    ]);
  });

  test('equal: each tenant with usage, not what has no tenant, nor what has no fact any more', () => {
    const bearers = [
      used('tnt_a', '1', '3'),
      used('tnt_b', '0', '1'),
      used('tnt_c', '0', '0'),
      used('unassigned', '5'),
    ];
    expect(shareCost(cost('0.000000000003', { key: 'equal' }), bearers)).toEqual([
      { tenantId: 'tnt_a', amount: '0.000000000002' },
      { tenantId: 'tnt_b', amount: '0.000000000001' },
    ]);
  });

  test('seats: by their number', () => {
    const seats = [
      { tenantId: 'tnt_a', seats: 3 },
      { tenantId: 'tnt_b', seats: 1 },
    ];
    expect(shareCost(cost('-10', { key: 'seats', seats }), [])).toEqual([
      { tenantId: 'tnt_a', amount: '-7.5' },
      { tenantId: 'tnt_b', amount: '-2.5' },
    ]);
  });

  test('usage: by the share of the quantity; what has no tenant keeps its part', () => {
    const bearers = [used('tnt_a', '30'), used('unassigned', '10'), used('tnt_b', '-5')];
    expect(shareCost(cost('8', byUsage), bearers)).toEqual([
      { tenantId: 'tnt_a', amount: '6' },
      { tenantId: 'unassigned', amount: '2' },
    ]);
  });

  test.each<Allocation>([{ key: 'equal' }, byUsage])('nobody there: unassigned (%j)', (allocation) => {
    expect(shareCost(cost('8', allocation), [used('unassigned', '0', '0')])).toEqual([
      { tenantId: 'unassigned', amount: '8' },
    ]);
  });
});

const tenantIds = fc.uniqueArray(fc.stringMatching(/^tnt_[a-z]{1,3}$/), { minLength: 1, maxLength: 12 });
const bearers = tenantIds.chain((ids) =>
  fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.bigInt(-5n, 10n ** 15n), fc.integer({ min: 0, max: 9 })))),
);
const amount = fc
  .bigInt(-(10n ** 24n), 10n ** 24n)
  .filter((units) => units !== 0n)
  .map((units) => formatDecimal({ units, scale: 12 }));
const allocation = fc.oneof(
  fc.constant<Allocation>({ key: 'equal' }),
  fc.constant(byUsage),
  tenantIds.map((ids): Allocation => ({
    key: 'seats',
    seats: ids.map((tenantId, index) => ({ tenantId, seats: index + 1 })),
  })),
);

test('shares add up to the cost exactly, and depend on no order', () => {
  fc.assert(
    fc.property(amount, allocation, bearers, fc.infiniteStream(fc.nat()), (whole, by, given, random) => {
      const list = given.map(([tenantId, quantity, facts]) => used(tenantId, String(quantity), String(facts)));
      const shares = shareCost(cost(whole, by), list);
      const sum = shares.map((share) => parseDecimal(share.amount)).reduce(addDecimals, ZERO);
      expect(formatDecimal(sum)).toBe(whole);
      expect(new Set(shares.map(({ tenantId }) => tenantId)).size).toBe(shares.length);

      const shuffled = list
        .map((bearer) => ({ bearer, at: random.next().value }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ bearer }) => bearer);
      const again = shareCost(cost(whole, by), shuffled);
      expect(new Map(again.map((share) => [share.tenantId, share.amount]))).toEqual(
        new Map(shares.map((share) => [share.tenantId, share.amount])),
      );
    }),
  );
});
