import type { KnownCostRate } from '../domain/cost-rates.ts';
import type { Tx } from '../platform/postgres.ts';

type Metered = Readonly<{ provider: string; meter: string }>;

type CostRateRow = Readonly<{
  position: string;
  provider: string;
  account: string | null;
  meter: string;
  unit: string | null;
  direction: string | null;
  channel: string | null;
  currency: string;
  unit_cost: string;
  valid_from: Date;
  valid_to: Date | null;
  reprice: boolean;
}>;

/**
 * Every rate ever set for these meters. The table is filled in the transaction of the administrative event, so that it
 * holds at least what the log holds up to any event read before; the fold looks past what came later.
 */
export async function loadCostRates(tx: Tx, metered: readonly Metered[]): Promise<readonly KnownCostRate[]> {
  const { rows } = await tx.query<CostRateRow>(
    `${SELECT} where (provider, meter) in (select * from unnest($1::text[], $2::text[]) metered (provider, meter))`,
    [metered.map(({ provider }) => provider), metered.map(({ meter }) => meter)],
  );
  return rows.map(costRate);
}

/** As `loadCostRates`, of all meters. */
export async function loadAllCostRates(tx: Tx): Promise<readonly KnownCostRate[]> {
  return (await tx.query<CostRateRow>(SELECT)).rows.map(costRate);
}

const SELECT = `
  select position, provider, account, meter, unit, direction, channel, currency, unit_cost, valid_from, valid_to, reprice
  from hookledger.cost_rates`;

function costRate(row: CostRateRow): KnownCostRate {
  return {
    position: BigInt(row.position),
    provider: row.provider,
    account: row.account,
    meter: row.meter,
    unit: row.unit,
    direction: row.direction,
    channel: row.channel,
    currency: row.currency,
    unitCost: row.unit_cost,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    reprice: row.reprice,
  };
}
