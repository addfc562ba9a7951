import type { EventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';

/** Folds one `CostRateSet` into its table, which keeps them all: what came later is seen by position. Safe to repeat. */
export async function foldCostRate(
  tx: Tx,
  { position, data }: { position: bigint; data: EventData<'CostRateSet'> },
): Promise<void> {
  await tx.query(
    `insert into hookledger.cost_rates
      (position, provider, account, meter, unit, direction, channel, currency, unit_cost, valid_from, valid_to,
        reprice)
    values ($1::bigint, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::numeric,
      $10::timestamptz, $11::timestamptz, $12::boolean)
    on conflict on constraint cost_rates_pkey do nothing`,
    [
      position.toString(),
      data.provider,
      data.account ?? null,
      data.meter,
      data.unit ?? null,
      data.direction ?? null,
      data.channel ?? null,
      data.currency,
      data.unitCost,
      data.validFrom,
      data.validTo ?? null,
      data.reprice,
    ],
  );
}
