import type { Money } from '../domain/currency.ts';
import type { Tx } from '../platform/postgres.ts';
import type { FigureFilter, UsageSource } from './usage-source.ts';
import { usageSelect, usageValues } from './usage-source.ts';

export const COST_GROUPS = ['tenant_id', 'provider', 'component'] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

/** Sort key of a row: index of its window, then tenant, provider, component, unit, currency. */
export type CostKey = readonly [number, string, string, string, string, string];

export type CostRow = Readonly<{
  key: CostKey;
  quantity: string;
  facts: string;
  lines: string;
  /** What the provider charges us, unrounded, in the currency of the key. */
  cost: string;
  /** `final`: the provider's own figure. Estimates by cost rate do not exist yet. */
  costStatus: 'final';
}>;

export type CostQuery = Readonly<{
  source: UsageSource;
  filter: FigureFilter;
  windowStarts: readonly Date[];
  groupBy: readonly CostGroup[];
  after?: CostKey | undefined;
  limit: number;
}>;

/** Cost of goods sold by window, group and currency, in the order of the key. */
export async function readCosts(tx: Tx, query: CostQuery): Promise<readonly CostRow[]> {
  const { rows } = await tx.query<CostRow>(
    `with source as (${usageSelect(query.source)}),
     grouped as (
       select width_bucket(at, $8::timestamptz[]) - 1 as at,
         case when 'tenant_id' = any ($9::text[]) then tenant_id else '' end as tenant_id,
         case when 'provider' = any ($9::text[]) then provider else '' end as provider,
         case when 'component' = any ($9::text[]) then meter else '' end as component,
         unit, cost_currency as currency, sum(quantity) as quantity, sum(facts) as facts, sum(lines) as lines,
         sum(cost) as cost
       from source
       where kind = 'cost' and ($10::text is null or cost_currency = $10::text)
       group by 1, 2, 3, 4, 5, 6
     )
     select json_build_array(at, tenant_id, provider, component, unit, currency) as key,
       trim_scale(quantity)::text as quantity, facts::text as facts, lines::text as lines,
       trim_scale(cost)::text as cost, 'final' as "costStatus"
     from grouped
     where (facts <> 0 or cost <> 0)
       and ($11::integer is null or (at, tenant_id, provider, component, unit, currency)
         > ($11::integer, $12::text, $13::text, $14::text, $15::text, $16::text))
     order by at, tenant_id, provider, component, unit, currency
     limit $17::integer`,
    [
      ...usageValues(query.filter),
      query.windowStarts,
      query.groupBy,
      query.filter.currency ?? null,
      ...(query.after ?? [null, null, null, null, null, null]),
      query.limit,
    ],
  );
  return rows;
}

/** By currency, over the whole range and all pages. */
export async function readCostTotals(
  tx: Tx,
  { source, filter }: Pick<CostQuery, 'source' | 'filter'>,
): Promise<readonly Money[]> {
  const { rows } = await tx.query<Money>(
    `select trim_scale(sum(cost))::text as amount, cost_currency as currency
     from (${usageSelect(source)}) s
     where kind = 'cost' and cost_currency <> '' and ($8::text is null or cost_currency = $8::text)
     group by cost_currency
     order by cost_currency`,
    [...usageValues(filter), filter.currency ?? null],
  );
  return rows;
}
