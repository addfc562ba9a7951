import type { PricePlanComponent } from '../../domain/pricing.ts';
import type { Tx } from '../../platform/postgres.ts';

export type ListedPricePlan = Readonly<{
  planId: string;
  name: string;
  currency: string;
  components: readonly PricePlanComponent[];
  /** Times are ISO 8601. */
  assignments: readonly Readonly<{ tenant_id: string; valid_from: string; reprice: boolean }>[];
}>;

/** In the order in which they were defined, with every assignment ever made. */
export async function listPricePlans(tx: Tx): Promise<readonly ListedPricePlan[]> {
  const { rows } = await tx.query<ListedPricePlan>(
    `select plan_id as "planId", name, currency, components, coalesce((
         select json_agg(json_build_object('tenant_id', a.tenant_id, 'valid_from', a.valid_from, 'reprice', a.reprice)
           order by a.valid_from, a.position)
         from hookledger.price_plan_assignments a where a.plan_id = p.plan_id
       ), '[]') as assignments
     from hookledger.price_plans p
     order by position`,
  );
  return rows;
}
