import type { Tx } from '../../platform/postgres.ts';

export type ListedCostRate = Readonly<{
  position: string;
  provider: string;
  account: string | null;
  meter: string;
  unit: string | null;
  direction: string | null;
  channel: string | null;
  unitCost: string;
  currency: string;
  /** Times are ISO 8601. */
  validFrom: string;
  validTo: string | null;
  reprice: boolean;
}>;

/** The rates that hold or will: of those with the same filters and beginning, the one that was set last. */
export async function listCostRates(
  tx: Tx,
  { provider, limit }: { provider: string | undefined; limit: number },
): Promise<readonly ListedCostRate[]> {
  const { rows } = await tx.query<ListedCostRate>(
    `select distinct on (provider, meter, account, unit, direction, channel, valid_from)
       position, provider, account, meter, unit, direction, channel, unit_cost::text as "unitCost", currency,
       to_json(valid_from) as "validFrom", to_json(valid_to) as "validTo", reprice
     from hookledger.cost_rates
     where $1::text is null or provider = $1::text
     order by provider, meter, account, unit, direction, channel, valid_from, position desc
     limit $2::integer`,
    [provider ?? null, limit],
  );
  return rows;
}
