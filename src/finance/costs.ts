import type { Money } from '../domain/currency.ts';
import type { Tx } from '../platform/postgres.ts';
import { COST_SHARE_PARAMETERS, costShareSelect, costShareValues } from './provider-costs/cost-share-select.ts';
import type { SpreadCosts } from './provider-costs/cost-share-select.ts';
import { readSpreadCosts } from './provider-costs/read-spread-costs.ts';
import type { CostCategory, CostStatus, FigureFilter, UsageSource } from './usage-source.ts';
import { usageSelect, usageValues } from './usage-source.ts';

export const COST_GROUPS = ['tenant_id', 'provider', 'component'] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

/** Sort key of a row: index of its window, then tenant, provider, component, unit, currency, status, category. */
export type CostKey = readonly [number, string, string, string, string, string, CostStatus, CostCategory];

export type CostRow = Readonly<{
  key: CostKey;
  /** Of usage; a fixed cost has none. */
  quantity: string | null;
  /** Facts; of fixed costs, how many entries. */
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
  /** The fixed costs of this filter, by its windows; read when left out. */
  shares?: SpreadCosts;
}>;

/** Cost of goods sold by window, group and currency, in the order of the key; fixed costs as they are allocated. */
export async function readCosts(tx: Tx, query: CostQuery): Promise<readonly CostRow[]> {
  const { source, filter, windowStarts } = query;
  const shares = query.shares ?? (await readSpreadCosts(tx, { usage: source.model, filter, windowStarts }));
  const { rows } = await tx.query<CostRow>(
    `with source as (${usageSelect(source)}),
     grouped as (
       select ${GROUPED},
         unit, cost_currency as currency, cost_status as status, 'usage' as category, sum(quantity) as quantity,
         sum(facts) as facts, sum(lines) as lines, sum(cost) as cost
       from (select *, meter as component from source) u
       where kind = 'cost' and ($10::text is null or cost_currency = $10::text)
         and ($11::text is null or cost_status = $11::text) and ($12::text[] is null or 'usage' = any ($12::text[]))
       group by 1, 2, 3, 4, 5, 6, 7
       having sum(facts) <> 0 or sum(cost) <> 0
       union all
       select at, tenant_id, provider, component, '', currency, 'final', category, null, count(*), sum(lines), sum(cost)
       from (
         select ${GROUPED},
           currency, category, position, count(*) as lines, sum(cost) as cost
         from (${costShareSelect(13)}) f
         group by 1, 2, 3, 4, currency, category, position
         having sum(cost) <> 0
       ) entry
       group by at, tenant_id, provider, component, currency, category
     )
     select json_build_array(at, tenant_id, provider, component, unit, currency, status, category) as key,
       trim_scale(quantity)::text as quantity, facts::text as facts, lines::text as lines,
       trim_scale(cost)::text as cost
     from grouped
     where ${after(13 + COST_SHARE_PARAMETERS)}
     order by ${KEY}
     limit $${21 + COST_SHARE_PARAMETERS}::integer`,
    [
      ...usageValues(filter),
      windowStarts,
      query.groupBy,
      filter.currency ?? null,
      filter.costStatus ?? null,
      filter.categories ?? null,
      ...costShareValues(shares),
      ...(query.after ?? [null, null, null, null, null, null, null, null]),
      query.limit,
    ],
  );
  return rows;
}

/** One collation for all, so that rows of different tables have one order. */
const GROUPED = `width_bucket(at, $8::timestamptz[]) - 1 as at,
         ${COST_GROUPS.map((group) => `(case when '${group}' = any ($9::text[]) then ${group} else '' end) collate "C" as ${group}`).join(',\n         ')}`;

const PARTS = ['tenant_id', 'provider', 'component', 'unit', 'currency', 'status', 'category'];
const KEY = ['at', ...PARTS.map((part) => `${part} collate "C"`)].join(', ');

function after(first: number): string {
  const given = [`$${first}::integer`, ...PARTS.map((_part, index) => `$${first + 1 + index}::text`)];
  return `($${first}::integer is null or (${KEY}) > (${given.join(', ')}))`;
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
  { source, filter, shares: given }: Pick<CostQuery, 'source' | 'filter' | 'shares'>,
): Promise<CostTotals> {
  const windowStarts = [filter.range.from];
  const shares = given ?? (await readSpreadCosts(tx, { usage: source.model, filter, windowStarts }));
  const { rows } = await tx.query<{ currency: string; cost: string; estimated: string | null }>(
    `select currency, trim_scale(sum(cost))::text as cost,
       trim_scale(sum(cost) filter (where cost_status = 'estimated'))::text as estimated
     from (
       select cost_currency as currency, cost, cost_status from (${usageSelect(source)}) s
       where kind = 'cost' and cost_currency <> '' and ($8::text is null or cost_currency = $8::text)
         and ($9::text is null or cost_status = $9::text) and ($10::text[] is null or 'usage' = any ($10::text[]))
       union all
       select currency, cost, 'final' from (${costShareSelect(11)}) f
     ) c
     group by currency
     order by currency`,
    [
      ...usageValues(filter),
      filter.currency ?? null,
      filter.costStatus ?? null,
      filter.categories ?? null,
      ...costShareValues(shares),
    ],
  );
  return {
    cost: rows.map(({ cost, currency }) => ({ amount: cost, currency })),
    estimated: rows.flatMap(({ estimated, currency }) => (estimated === null ? [] : [{ amount: estimated, currency }])),
  };
}
