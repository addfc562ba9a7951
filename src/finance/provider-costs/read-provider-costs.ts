import type { z } from 'zod';
import { costAllocation } from '../../domain/finance-schemas.ts';
import type { FIXED_COST_CATEGORIES } from '../../domain/finance-schemas.ts';
import type { Tx } from '../../platform/postgres.ts';
import type { Range } from '../time-range.ts';

export type FixedCostCategory = (typeof FIXED_COST_CATEGORIES)[number];

/** A fixed cost as it was entered. Positions are those of the events; a void one counts nothing. */
export type ProviderCost = Readonly<{
  position: string;
  costId: string;
  provider: string;
  account: string | null;
  category: FixedCostCategory;
  component: string;
  description: string | null;
  amount: string;
  currency: string;
  periodFrom: Date;
  periodTo: Date;
  allocation: z.output<typeof costAllocation>;
  reference: string | null;
  enteredBy: string;
  voidPosition: string | null;
  voidReason: string | null;
  voidedBy: string | null;
}>;

/** A filter that is left out does not filter. */
export type ProviderCostFilter = Readonly<{
  /** As of this position; without it, as of the latest event. */
  upTo?: bigint | undefined;
  /** Those with a part of their period in it. */
  range?: Range | undefined;
  costIds?: readonly string[] | undefined;
  providers?: readonly string[] | undefined;
  components?: readonly string[] | undefined;
  categories?: readonly string[] | undefined;
  currency?: string | undefined;
  withVoided?: boolean | undefined;
  /** Only those entered above this position. */
  after?: string | undefined;
  limit?: number | undefined;
}>;

/** Fixed costs in the order in which they were entered. A tenant's reader finds none. */
export async function readProviderCosts(tx: Tx, filter: ProviderCostFilter): Promise<readonly ProviderCost[]> {
  const { rows } = await tx.query<Omit<ProviderCost, 'allocation'> & { allocation: unknown }>(
    `select c.position, c.cost_id as "costId", c.provider, c.account, c.category, c.component, c.description,
       trim_scale(c.amount)::text as amount, c.currency, c.period_from as "periodFrom", c.period_to as "periodTo",
       c.allocation, c.reference, c.entered_by as "enteredBy", v.position as "voidPosition", v.reason as "voidReason",
       v.voided_by as "voidedBy"
     from hookledger.provider_costs c
     left join hookledger.provider_cost_voids v
       on v.cost_id = c.cost_id and ($1::bigint is null or v.position <= $1::bigint)
     where ($1::bigint is null or c.position <= $1::bigint)
       and ($2::timestamptz is null or c.period_to > $2::timestamptz)
       and ($3::timestamptz is null or c.period_from < $3::timestamptz)
       and ($4::text[] is null or c.cost_id = any ($4::text[]))
       and ($5::text[] is null or c.provider = any ($5::text[]))
       and ($6::text[] is null or c.component = any ($6::text[]))
       and ($7::text[] is null or c.category = any ($7::text[]))
       and ($8::text is null or c.currency = $8::text)
       and ($9::boolean or v.position is null)
       and ($10::bigint is null or c.position > $10::bigint)
     order by c.position
     limit $11::integer`,
    [
      filter.upTo?.toString() ?? null,
      filter.range?.from ?? null,
      filter.range?.to ?? null,
      filter.costIds ?? null,
      filter.providers ?? null,
      filter.components ?? null,
      filter.categories ?? null,
      filter.currency ?? null,
      filter.withVoided ?? false,
      filter.after ?? null,
      filter.limit ?? null,
    ],
  );
  return rows.map((row) => ({ ...row, allocation: costAllocation.parse(row.allocation) }));
}
