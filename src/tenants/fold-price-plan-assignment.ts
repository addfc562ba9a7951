import type { EventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';

/** Folds one `PricePlanAssigned` into its table, which keeps them all: the later event of one beginning holds. Safe to repeat. */
export async function foldPricePlanAssignment(
  tx: Tx,
  { position, occurredAt, data }: { position: bigint; occurredAt: Date; data: EventData<'PricePlanAssigned'> },
): Promise<void> {
  await tx.query(
    `insert into hookledger.price_plan_assignments (tenant_id, plan_id, valid_from, position, reprice, assigned_at)
    values ($1::text, $2::text, $3::timestamptz, $4::bigint, $5::boolean, $6::timestamptz)
    on conflict on constraint price_plan_assignments_pkey do nothing`,
    [data.tenantId, data.planId, data.validFrom, position.toString(), data.reprice, occurredAt],
  );
}
