import type { PricePlan } from '../domain/pricing.ts';

/** A plan and from when it prices a tenant's facts; `position` is that of the event that assigned it. */
export type PlanAssignment = Readonly<{ plan: PricePlan; validFrom: Date; position: bigint }>;

/** Assignments by tenant, in any order; they may run ahead of the event that is being folded. */
export type PricePlans = ReadonlyMap<string, readonly PlanAssignment[]>;

/**
 * The plan that prices what a tenant used at `occurredAt`, as the log stood at position `asOf`: of the assignments known
 * then and valid then, the one with the latest start, and of equal starts the one assigned last.
 */
export function effectivePlan(
  plans: PricePlans,
  tenantId: string,
  occurredAt: Date,
  asOf: bigint,
): PricePlan | undefined {
  let best: PlanAssignment | undefined;
  for (const assignment of plans.get(tenantId) ?? []) {
    if (assignment.position > asOf || assignment.validFrom > occurredAt) continue;
    if (best === undefined || isLater(assignment, best)) best = assignment;
  }
  return best?.plan;
}

function isLater(a: PlanAssignment, b: PlanAssignment): boolean {
  const startsMs = a.validFrom.getTime() - b.validFrom.getTime();
  return startsMs > 0 || (startsMs === 0 && a.position > b.position);
}
