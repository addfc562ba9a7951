import type { Money } from '../domain/currency.ts';
import type { AdditiveAggregation } from '../domain/meters.ts';
import type { Tx } from '../platform/postgres.ts';
import type { FigureFilter, UsageSource } from './usage-source.ts';
import { usageSelect, usageValues } from './usage-source.ts';

export const USAGE_GROUPS = ['tenant_id', 'provider', 'meter'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** Sort key of a row: index of its window, then tenant, provider, meter, unit; `''` for what is not grouped by. */
export type UsageKey = readonly [number, string, string, string, string];

export type UsageRow = Readonly<{
  key: UsageKey;
  quantity: string;
  /** Facts: each usage counts once, whatever the number of webhooks that reported it. */
  facts: string;
  /** Lines of the read model behind the figure. */
  lines: string;
  /** Unrounded, one for each currency. */
  rated: readonly Money[];
  unpriced: string;
  uncosted: string;
}>;

export type UsageQuery = Readonly<{
  source: UsageSource;
  filter: FigureFilter;
  windowStarts: readonly Date[];
  groupBy: readonly UsageGroup[];
  after?: UsageKey | undefined;
  limit: number;
}>;

/** What adds up, `sum` unless told otherwise: sums and lines alike can tell it. */
type Additive = Readonly<{ aggregation?: AdditiveAggregation }>;

/** Usage by window and group, in the order of the key; units are never added, so each has its row. */
export async function readUsage(tx: Tx, query: UsageQuery & Additive): Promise<readonly UsageRow[]> {
  const { rows } = await tx.query<UsageRow>({
    name: `read-usage-${query.source.from}-${query.source.model.version}`,
    text: `with source as (${usageSelect(query.source)}),
     by_currency as (
       select width_bucket(at, $8::timestamptz[]) - 1 as at,
         case when 'tenant_id' = any ($9::text[]) then tenant_id else '' end as tenant_id,
         case when 'provider' = any ($9::text[]) then provider else '' end as provider,
         case when 'meter' = any ($9::text[]) then meter else '' end as meter,
         unit, rated_currency, sum(quantity) as quantity, sum(facts) as facts, sum(lines) as lines,
         sum(rated) as rated, sum(unpriced) as unpriced, sum(uncosted) as uncosted
       from source
       where kind = 'usage'
       group by 1, 2, 3, 4, 5, 6
     )
     select json_build_array(at, tenant_id, provider, meter, unit) as key,
       trim_scale(case $16::text when 'count' then sum(facts) else sum(quantity) end)::text as quantity,
       sum(facts)::text as facts, sum(lines)::text as lines,
       sum(unpriced)::text as unpriced, sum(uncosted)::text as uncosted,
       coalesce(json_agg(json_build_object('amount', trim_scale(rated)::text, 'currency', rated_currency)
         order by rated_currency) filter (where rated_currency <> ''), '[]') as rated
     from by_currency
     group by at, tenant_id, provider, meter, unit
     having (sum(facts) <> 0 or sum(quantity) <> 0 or bool_or(rated <> 0) or sum(unpriced) <> 0
         or sum(uncosted) <> 0)
       and ($10::integer is null
         or (at, tenant_id, provider, meter, unit) > ($10::integer, $11::text, $12::text, $13::text, $14::text))
     order by at, tenant_id, provider, meter, unit
     limit $15::integer`,
    values: [
      ...usageValues(query.filter),
      query.windowStarts,
      query.groupBy,
      ...(query.after ?? [null, null, null, null, null]),
      query.limit,
      query.aggregation ?? 'sum',
    ],
  });
  return rows;
}

export type UsageTotals = Readonly<{
  quantities: readonly Readonly<{ unit: string; quantity: string }>[];
  rated: readonly Money[];
  facts: string;
}>;

/** Over the whole range and all pages, from the same rows. */
export async function readUsageTotals(
  tx: Tx,
  { source, filter, aggregation }: Pick<UsageQuery, 'source' | 'filter'> & Additive,
): Promise<UsageTotals> {
  const { rows } = await tx.query<UsageTotals>({
    name: `read-usage-totals-${source.from}-${source.model.version}`,
    text: `with source as (select * from (${usageSelect(source)}) s where kind = 'usage')
     select
       (select coalesce(json_agg(json_build_object('unit', unit, 'quantity', trim_scale(quantity)::text) order by unit), '[]')
        from (select unit, case $8::text when 'count' then sum(facts) else sum(quantity) end as quantity
          from source group by unit) u) as quantities,
       (select coalesce(json_agg(json_build_object('amount', trim_scale(rated)::text, 'currency', rated_currency)
          order by rated_currency), '[]')
        from (select rated_currency, sum(rated) as rated from source where rated_currency <> '' group by 1) r) as rated,
       (select coalesce(sum(facts), 0)::text from source) as facts`,
    values: [...usageValues(filter), aggregation ?? 'sum'],
  });
  return rows[0] ?? { quantities: [], rated: [], facts: '0' };
}
