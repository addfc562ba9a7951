import type { EventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';

/** Folds one `PricePlanDefined` into its table: a plan never changes, so the first event of an id holds. Safe to repeat. */
export async function foldPricePlan(
  tx: Tx,
  { position, data }: { position: bigint; data: EventData<'PricePlanDefined'> },
): Promise<void> {
  await tx.query(
    `insert into hookledger.price_plans (plan_id, name, currency, components, position)
    values ($1::text, $2::text, $3::text, $4::jsonb, $5::bigint)
    on conflict on constraint price_plans_pkey do nothing`,
    [data.planId, data.name, data.currency, JSON.stringify(data.components), position.toString()],
  );
}
