import type { PricePlan } from '../domain/pricing.ts';

/** A plan and from when it prices a tenant's facts; `position` is that of the event that assigned it. */
export type PlanAssignment = Readonly<{ plan: PricePlan; validFrom: Date; position: bigint; reprice: boolean }>;

/** Assignments by tenant, in any order; they may run ahead of the event that is being folded. */
export type PricePlans = ReadonlyMap<string, readonly PlanAssignment[]>;

/** `tenantSince`: position since when it is this tenant's: of its first report, or of the move that brought it. */
export type PlannedFact = Readonly<{ tenantId: string; tenantSince: bigint; occurredAt: Date }>;

/**
 * The plan that prices a fact, as the log stood at position `asOf`. In force is, of the assignments known that are valid when
 * it occurred, the one with the latest start, and of equal starts the one assigned last.
 *
 * The plan in force when the tenant got the fact prices it. What comes into force later takes over where none decided on it
 * yet (`decides`), or if it says `reprice`. It depends on nothing but the assignments and the fact: not on the order of the
 * list, nor on what was folded in between.
 */
export function effectivePlan(
  plans: PricePlans,
  { tenantId, tenantSince, occurredAt }: PlannedFact,
  asOf: bigint,
  decides: (plan: PricePlan) => boolean,
): PricePlan | undefined {
  let inForce: PlanAssignment | undefined;
  let pricing: PlanAssignment | undefined;
  for (const assignment of validAt(plans.get(tenantId) ?? [], occurredAt, asOf)) {
    if (inForce !== undefined && assignment.validFrom < inForce.validFrom) continue;
    inForce = assignment;
    const isKnown = assignment.position <= tenantSince;
    if (isKnown || assignment.reprice || pricing === undefined || !decides(pricing.plan)) pricing = assignment;
  }
  return pricing?.plan;
}

/** In the order in which they were assigned. */
function validAt(assignments: readonly PlanAssignment[], at: Date, asOf: bigint): readonly PlanAssignment[] {
  return assignments
    .filter(({ position, validFrom }) => position <= asOf && validFrom <= at)
    .toSorted((a, b) => (a.position < b.position ? -1 : 1));
}
