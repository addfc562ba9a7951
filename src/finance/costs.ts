import type { Money } from '../domain/currency.ts';
import type { Tx } from '../platform/postgres.ts';
import type { CostStatus, FigureFilter, UsageSource } from './usage-source.ts';
import { usageSelect, usageValues } from './usage-source.ts';

export const COST_GROUPS = ['tenant_id', 'provider', 'component'] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

/** Sort key of a row: index of its window, then tenant, provider, component, unit, currency, status. */
export type CostKey = readonly [number, string, string, string, string, string, CostStatus];

export type CostRow = Readonly<{
  key: CostKey;
  quantity: string;
  facts: string;
  lines: string;
  /** What the provider charges us, or is estimated to, unrounded, in the currency of the key. */
  cost: string;
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
         unit, cost_currency as currency, cost_status as status, sum(quantity) as quantity, sum(facts) as facts, sum(lines) as lines,
         sum(cost) as cost
       from source
       where kind = 'cost' and ($10::text is null or cost_currency = $10::text)
         and ($11::text is null or cost_status = $11::text)
       group by 1, 2, 3, 4, 5, 6, 7
     )
     select json_build_array(at, tenant_id, provider, component, unit, currency, status) as key,
       trim_scale(quantity)::text as quantity, facts::text as facts, lines::text as lines,
       trim_scale(cost)::text as cost
     from grouped
     where (facts <> 0 or cost <> 0)
       and ($12::integer is null or (at, tenant_id, provider, component, unit, currency, status)
         > ($12::integer, $13::text, $14::text, $15::text, $16::text, $17::text, $18::text))
     order by at, tenant_id, provider, component, unit, currency, status
     limit $19::integer`,
    [
      ...usageValues(query.filter),
      query.windowStarts,
      query.groupBy,
      query.filter.currency ?? null,
      query.filter.costStatus ?? null,
      ...(query.after ?? [null, null, null, null, null, null, null]),
      query.limit,
    ],
  );
  return rows;
}

export type CostTotals = Readonly<{
  /** Final and estimated, by currency. */
  cost: readonly Money[];
  /** The part of it that is estimated. */
  estimated: readonly Money[];
}>;

/** Over the whole range and all pages. */
export async function readCostTotals(
  tx: Tx,
  { source, filter }: Pick<CostQuery, 'source' | 'filter'>,
): Promise<CostTotals> {
  const { rows } = await tx.query<{ currency: string; cost: string; estimated: string | null }>(
    `select cost_currency as currency, trim_scale(sum(cost))::text as cost,
       trim_scale(sum(cost) filter (where cost_status = 'estimated'))::text as estimated
     from (${usageSelect(source)}) s
     where kind = 'cost' and cost_currency <> '' and ($8::text is null or cost_currency = $8::text)
       and ($9::text is null or cost_status = $9::text)
     group by cost_currency
     order by cost_currency`,
    [...usageValues(filter), filter.currency ?? null, filter.costStatus ?? null],
  );
  return {
    cost: rows.map(({ cost, currency }) => ({ amount: cost, currency })),
    estimated: rows.flatMap(({ estimated, currency }) => (estimated === null ? [] : [{ amount: estimated, currency }])),
  };
}
