import type { EventData } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';

/** Folds `ProviderCostEntered` events into their table. `positions` are those of `costs`. Safe to repeat. */
export async function foldProviderCosts(
  tx: Tx,
  { positions, costs }: { positions: readonly bigint[]; costs: readonly EventData<'ProviderCostEntered'>[] },
): Promise<void> {
  await tx.query(
    `insert into hookledger.provider_costs (position, cost_id, provider, account, category, component, description,
       amount, currency, period_from, period_to, allocation, reference, entered_by)
     select position, cost_id, provider, account, category, component, description, amount, currency, period_from,
       period_to, allocation, reference, entered_by
     from jsonb_populate_recordset(null::hookledger.provider_costs, $1::jsonb)
     on conflict on constraint provider_costs_pkey do nothing`,
    [
      JSON.stringify(
        costs.map((cost, index) => ({
          position: String(positions[index]),
          cost_id: cost.costId,
          provider: cost.provider,
          account: cost.account,
          category: cost.category,
          component: cost.component,
          description: cost.description,
          amount: cost.amount,
          currency: cost.currency,
          period_from: cost.periodFrom,
          period_to: cost.periodTo,
          allocation: cost.allocation,
          reference: cost.reference,
          entered_by: cost.by,
        })),
      ),
    ],
  );
}

/** Folds one `ProviderCostVoided` into its table. Safe to repeat. */
export async function foldProviderCostVoid(
  tx: Tx,
  { position, data }: { position: bigint; data: EventData<'ProviderCostVoided'> },
): Promise<void> {
  await tx.query(
    `insert into hookledger.provider_cost_voids (position, cost_id, reason, voided_by)
     values ($1::bigint, $2::text, $3::text, $4::text)
     on conflict on constraint provider_cost_voids_pkey do nothing`,
    [String(position), data.costId, data.reason, data.by],
  );
}
