import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shareBudget } from '../../src/relay/share-budget.ts';

const lane = (tenantId: string, weight = 1) => ({ tenantId, queue: 'notifications', shard: 0, cursor: 0n, weight });

describe('sharing a round', () => {
  test('a tenant with a large backlog gets no more of it than the others', () => {
    expect(
      shareBudget([lane('a'), lane('b'), lane('c')], new Map([['notifications', 90]])).map(({ limit }) => limit),
    ).toEqual([30, 30, 30]);
  });

  test('weights shift the shares', () => {
    expect(shareBudget([lane('a', 3), lane('b')], new Map([['notifications', 40]])).map(({ limit }) => limit)).toEqual([
      30, 10,
    ]);
  });

  test('a queue without room gets nothing', () => {
    expect(shareBudget([lane('a')], new Map([['notifications', 0]]))).toEqual([]);
  });

  test('never spends more than the budget, and leaves nobody out while it lasts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 60 }),
        fc.nat(500),
        (weights, budget) => {
          const lanes = weights.map((weight, index) => lane(`t${index}`, weight));
          const quotas = shareBudget(lanes, new Map([['notifications', budget]]));
          const spent = quotas.reduce((sum, { limit }) => sum + limit, 0);
          return spent <= Math.max(budget, 0) && (budget < lanes.length * 50 || quotas.length === lanes.length);
        },
      ),
    );
  });
});
