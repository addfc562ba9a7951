import { describe, expect, test } from '@jest/globals';
import { effectivePlan } from '../../src/projections/price-plans.ts';
import type { PlanAssignment } from '../../src/projections/price-plans.ts';
import { at } from './recorded-event.ts';

const assigned = (planId: string, validFrom: Date, position: bigint): PlanAssignment => ({
  plan: { planId, currency: 'USD', components: [{ kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.01' }] },
  validFrom,
  position,
});

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

const planAt = (time: string, asOf: bigint) => effectivePlan(plans, 'A', at(time), asOf)?.planId;

describe('the plan that prices a fact', () => {
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
    expect(effectivePlan(plans, 'B', at('10:30'), 9n)).toBeUndefined();
  });

  test('does not know what is assigned after the position that is being folded', () => {
    expect(planAt('10:30', 7n)).toBe('early');
    expect(planAt('10:30', 6n)).toBeUndefined();
    expect(planAt('11:30', 5n)).toBe('late');
  });
});
