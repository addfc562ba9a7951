import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { effectivePlan } from '../../src/projections/price-plans.ts';
import type { PlanAssignment } from '../../src/projections/price-plans.ts';
import { at } from './recorded-event.ts';

const assigned = (planId: string, validFrom: Date, position: bigint, reprice = false): PlanAssignment => ({
  plan: { planId, currency: 'USD', components: [{ kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.01' }] },
  validFrom,
  position,
  reprice,
});

const decidesAll = () => true;

describe('the plan that prices a fact', () => {
  const plans = new Map([
    [
      'A',
      [
        assigned('late', at('11:00'), 5n),
        assigned('early', at('09:00'), 7n),
        assigned('early-corrected', at('09:00'), 9n),
        assigned('middle', at('10:00'), 8n),
      ],
    ],
  ]);
  /** Of a fact that is reported at the position that is asked for. */
  const planAt = (time: string, asOf: bigint) =>
    effectivePlan(plans, { tenantId: 'A', tenantSince: asOf, occurredAt: at(time) }, asOf, decidesAll)?.planId;

  test('is the one with the latest start at or before the fact', () => {
    expect(planAt('10:30', 8n)).toBe('middle');
    expect(planAt('11:00', 8n)).toBe('late');
    expect(planAt('09:00', 8n)).toBe('early');
  });

  test('is, of two with one start, the one assigned last', () => {
    expect(planAt('09:30', 9n)).toBe('early-corrected');
  });

  test('is none before the first start, and none for a tenant without a plan', () => {
    expect(planAt('08:59', 9n)).toBeUndefined();
    const ofAnother = { tenantId: 'B', tenantSince: 1n, occurredAt: at('10:30') };
    expect(effectivePlan(plans, ofAnother, 9n, decidesAll)).toBeUndefined();
  });

  test('does not know what is assigned after the position that is being folded', () => {
    expect(planAt('10:30', 7n)).toBe('early');
    expect(planAt('10:30', 6n)).toBeUndefined();
    expect(planAt('11:30', 5n)).toBe('late');
  });
});

describe('a plan that is assigned after the fact', () => {
  const planOf = (
    assignments: readonly PlanAssignment[],
    { asOf = 99n, decides = decidesAll }: { asOf?: bigint; decides?: (plan: { planId: string }) => boolean } = {},
  ) => {
    const fact = { tenantId: 'A', tenantSince: 5n, occurredAt: at('10:00') };
    return effectivePlan(new Map([['A', assignments]]), fact, asOf, decides)?.planId;
  };
  const before = assigned('before', at('08:00'), 1n);

  test('prices it where no plan did', () => {
    expect(planOf([assigned('after', at('08:00'), 6n)])).toBe('after');
    expect(planOf([assigned('first', at('08:00'), 6n), assigned('second', at('09:00'), 7n)])).toBe('first');
  });

  test('leaves it where one did', () => {
    expect(planOf([before, assigned('after', at('08:00'), 6n)])).toBe('before');
    expect(planOf([before, assigned('after', at('09:00'), 6n)])).toBe('before');
  });

  test('prices it where the plan that it has says nothing of it', () => {
    const decides = ({ planId }: { planId: string }) => planId !== 'before';
    expect(planOf([before, assigned('after', at('08:00'), 6n)], { decides })).toBe('after');
    expect(planOf([before, assigned('a', at('08:00'), 6n), assigned('b', at('09:00'), 7n)], { decides })).toBe('a');
  });

  test('prices it again if it says so, and only from then on', () => {
    const again = assigned('again', at('08:00'), 6n, true);
    expect(planOf([before, again])).toBe('again');
    expect(planOf([before, again], { asOf: 5n })).toBe('before');
    expect(planOf([before, again, assigned('after', at('08:00'), 7n)])).toBe('again');
  });

  test('does not where another one is valid by then, though that one left the fact alone', () => {
    const left = assigned('left', at('09:00'), 6n);
    expect(planOf([before, left, assigned('again', at('08:30'), 7n, true)])).toBe('before');
    expect(planOf([before, left, assigned('again', at('09:00'), 7n, true)])).toBe('again');
  });
});

test('what prices a fact depends on the assignments, not on their order, and is as the rule says', () => {
  const hour = fc.constantFrom('07:00', '08:00', '09:00', '10:00', '11:00');
  const list = fc.uniqueArray(
    fc.record({
      position: fc.integer({ min: 1, max: 12 }),
      from: hour,
      reprice: fc.boolean(),
      decides: fc.boolean(),
    }),
    { selector: ({ position }) => position, maxLength: 8 },
  );
  const shuffled = list.chain((told) =>
    fc.tuple(fc.constant(told), fc.shuffledSubarray(told, { minLength: told.length })),
  );
  fc.assert(
    fc.property(shuffled, fc.integer({ min: 0, max: 13 }), ([told, permutation], tenantSince) => {
      const planOf = (order: typeof told) => {
        const assignments = order.map(({ position, from, reprice, decides }) => ({
          ...assigned(`${position} ${decides}`, at(from), BigInt(position), reprice),
        }));
        const fact = { tenantId: 'A', tenantSince: BigInt(tenantSince), occurredAt: at('10:00') };
        return effectivePlan(new Map([['A', assignments]]), fact, 99n, ({ planId }) => planId.endsWith('true'))?.planId;
      };
      // The rule without a walk: in force one after the other; the last that says reprice, or the first; then the first
      // of those after it that decides.
      const valid = told.filter(({ from }) => from <= '10:00').toSorted((a, b) => a.position - b.position);
      const known = valid
        .filter(({ position }) => position <= tenantSince)
        .toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.position - b.position))
        .slice(-1);
      const chain = [...known, ...valid.filter(({ position }) => position > tenantSince)].filter(
        ({ from }, index, all) => all.slice(0, index).every((other) => other.from <= from),
      );
      const anchor = Math.max(
        0,
        chain.findLastIndex(({ reprice, position }) => reprice || position <= tenantSince),
      );
      const candidates = chain.slice(anchor);
      const expected = candidates.find(({ decides }) => decides) ?? candidates.at(-1);
      expect(planOf(told)).toBe(expected && `${expected.position} ${expected.decides}`);
      expect(planOf(permutation)).toBe(planOf(told));
    }),
    { numRuns: 2_000 },
  );
});
