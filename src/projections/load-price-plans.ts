import { z } from 'zod';
import { pricePlanComponent } from '../domain/pricing.ts';
import type { Tx } from '../platform/postgres.ts';
import type { PlanAssignment, PricePlans } from './price-plans.ts';

const components = z.array(pricePlanComponent);

/**
 * Every plan assignment of the tenants. The tables are filled in the transaction of the administrative event, so that
 * they hold at least what the log holds up to any event read before; the fold looks past what came later.
 */
export async function loadPricePlans(tx: Tx, tenantIds: readonly string[]): Promise<PricePlans> {
  return plansOf(await tx.query<AssignmentRow>(`${SELECT} where a.tenant_id = any ($1::text[])`, [tenantIds]));
}

/** As `loadPricePlans`, of all tenants. */
export async function loadAllPricePlans(tx: Tx): Promise<PricePlans> {
  return plansOf(await tx.query<AssignmentRow>(SELECT));
}

type AssignmentRow = Readonly<{
  tenant_id: string;
  valid_from: Date;
  position: string;
  reprice: boolean;
  plan_id: string;
  currency: string;
  components: unknown;
}>;

const SELECT = `
  select a.tenant_id, a.valid_from, a.position, a.reprice, p.plan_id, p.currency, p.components
  from hookledger.price_plan_assignments a
  join hookledger.price_plans p on p.plan_id = a.plan_id`;

function plansOf({ rows }: { rows: readonly AssignmentRow[] }): PricePlans {
  const plans = new Map<string, PlanAssignment[]>();
  for (const row of rows) {
    const plan = { planId: row.plan_id, currency: row.currency, components: components.parse(row.components) };
    const assignments = plans.get(row.tenant_id) ?? [];
    const { valid_from: validFrom, reprice } = row;
    assignments.push({ plan, validFrom, position: BigInt(row.position), reprice });
    plans.set(row.tenant_id, assignments);
  }
  return plans;
}
