import type { AdditiveAggregation, Aggregation } from '../domain/meters.ts';
import { AVERAGE_SCALE } from '../domain/meters.ts';
import type { Tx } from '../platform/postgres.ts';
import { tableOf } from './read-models.ts';
import type { Model } from './read-models.ts';
import type { UsageQuery, UsageRow, UsageTotals } from './usage.ts';
import { USAGE_GROUPS } from './usage.ts';
import type { FigureFilter } from './usage-source.ts';
import { usageLineSelect, usageValues } from './usage-source.ts';

/** What does not add up: only the facts themselves can tell it, so it is read from lines. */
type WholeAggregation = Exclude<Aggregation, AdditiveAggregation>;

/** Null where no fact tells a quantity, and for an average over a window that has not begun. */
export type UsageAggregateRow = Omit<UsageRow, 'quantity'> & Readonly<{ quantity: string | null }>;

export type UsageAggregateQuery = Readonly<{ aggregation: WholeAggregation; model: Model; limit: number | undefined }> &
  Omit<UsageQuery, 'source' | 'limit'>;

/**
 * The rows of `readUsage` with another quantity; what it means is said in domain/meters.ts. Of levels there is a row for
 * each window that one reaches into, also without any fact of its own. They are read from the first on, since a level may
 * be that old: ask for a tenant or a meter where there is much usage.
 */
export async function readUsageAggregates(tx: Tx, query: UsageAggregateQuery): Promise<readonly UsageAggregateRow[]> {
  const { aggregation, model, windowStarts, groupBy, after } = query;
  const filter = aggregatedFilter(aggregation, query.filter);
  const { rows } = await tx.query<UsageAggregateRow>(
    `with line as (
       select width_bucket(occurred_at, $8::timestamptz[]) - 1 as at,
         ${USAGE_GROUPS.map((group) => `case when '${group}' = any ($9::text[]) then ${group} else '' end as in_${group}`).join(', ')},
         l.*
       from (${usageLineSelect(model)}) l
     ),
     fact as (
       select at, in_tenant_id, in_provider, in_meter, tenant_id, provider, meter, unit, occurred_at, fact_key,
         split_part(fact_key, '#', 1) as stream_key, sum(quantity) as quantity, min(position) as position
       from line
       group by at, in_tenant_id, in_provider, in_meter, tenant_id, provider, meter, unit, occurred_at, fact_key
       having sum(facts) > 0
     ),
     -- Lines carry 0 for a quantity that is not told: what the greatest report says decides. Its fact names it unless
     -- that was superseded after the position, and then the log does. Of that a tenant sees nothing from before the
     -- thing was its own: there, such a 0 stays a 0.
     told as (
       select * from fact f
       where quantity <> 0 or coalesce(
         (select u.quantity is not null from ${tableOf('usage_facts', model)} u
          where u.fact_key = f.fact_key and u.position <= $4::bigint),
         (select e.quantity is not null from hookledger.events e
          where e.stream_key = f.stream_key and e.fact_key = f.fact_key and e.position <= $4::bigint
          order by e.fact_rank desc, e.provider_time desc, e.position desc limit 1),
         true)
     ),
     ${MEASURES[aggregation]},
     by_currency as (
       select at, in_tenant_id, in_provider, in_meter, unit, rated_currency, sum(facts) as facts, count(*) as lines,
         sum(rated) as rated, sum(unpriced) as unpriced, sum(uncosted) as uncosted
       from line
       where at >= 0
       group by 1, 2, 3, 4, 5, 6
     ),
     counted as (
       select at, in_tenant_id, in_provider, in_meter, unit, sum(facts) as facts, sum(lines) as lines,
         sum(unpriced) as unpriced, sum(uncosted) as uncosted,
         json_agg(json_build_object('amount', trim_scale(rated)::text, 'currency', rated_currency)
           order by rated_currency) filter (where rated_currency <> '') as rated
       from by_currency
       group by 1, 2, 3, 4, 5
       having sum(facts) <> 0 or bool_or(rated <> 0) or sum(unpriced) <> 0 or sum(uncosted) <> 0
     )
     select json_build_array(at, in_tenant_id, in_provider, in_meter, unit) as key,
       trim_scale(m.quantity)::text as quantity, coalesce(c.facts, 0)::text as facts,
       coalesce(c.lines, 0)::text as lines, coalesce(c.rated, '[]') as rated,
       coalesce(c.unpriced, 0)::text as unpriced, coalesce(c.uncosted, 0)::text as uncosted
     from counted c
     full join measured m using (at, in_tenant_id, in_provider, in_meter, unit)
     where $10::integer is null
       or (at, in_tenant_id, in_provider, in_meter, unit) > ($10::integer, $11::text, $12::text, $13::text, $14::text)
     order by at, in_tenant_id, in_provider, in_meter, unit
     limit $15::integer`,
    [
      ...usageValues(filter),
      windowStarts,
      groupBy,
      ...(after ?? [null, null, null, null, null]),
      query.limit ?? null,
      ...(aggregation === 'time_weighted' ? [filter.asOf.recordedAt] : []),
    ],
  );
  return rows;
}

/** Worked out over the whole range: rows of single windows and groups do not add up to it. */
export async function readUsageAggregateQuantities(
  tx: Tx,
  query: Pick<UsageAggregateQuery, 'aggregation' | 'model' | 'filter'>,
): Promise<readonly (Omit<UsageTotals['quantities'][number], 'quantity'> & Pick<UsageAggregateRow, 'quantity'>)[]> {
  const whole = { ...query, windowStarts: [query.filter.range.from], groupBy: [], limit: undefined };
  const rows = await readUsageAggregates(tx, whole);
  return rows.map(({ key, quantity }) => ({ unit: key[4], quantity }));
}

/** Nothing that we are told of is older. */
const BEGINNING = new Date(0);

/** Of which facts a quantity is made: a level may have been set long before the range. */
export function aggregatedFilter(aggregation: Aggregation, filter: FigureFilter): FigureFilter {
  return aggregation === 'time_weighted' ? { ...filter, range: { from: BEGINNING, to: filter.range.to } } : filter;
}

const place = 'at, in_tenant_id, in_provider, in_meter, unit';

/**
 * An average is worked out of the steps that levels make, so that it costs one pass over the facts and one over the
 * windows: a level holds in every later window, and there may be very many of both. In a window, the level at its
 * beginning (all steps before) counts for its length, and each step for what is left of it.
 */
const MEASURES: Readonly<Record<WholeAggregation, string>> = {
  unique: `measured as (
       select ${place}, count(distinct stream_key)::numeric as quantity from fact group by ${place}
     )`,
  max: `measured as (select ${place}, max(quantity) as quantity from told group by ${place})`,
  latest: `measured as (
       select distinct on (${place}) ${place}, quantity
       from told
       order by ${place}, occurred_at desc, position desc, fact_key desc
     )`,
  time_weighted: `period as (
       select -1 as at, null::numeric as ends_at, 0::numeric as seconds
       union all
       select n - 1, extract(epoch from ends_at), extract(epoch from ends_at) - extract(epoch from starts_at)
       from (
         select n::integer, starts_at, least(lead(starts_at, 1, $3::timestamptz) over (order by n), $16::timestamptz) as ends_at
         from unnest($8::timestamptz[]) with ordinality w (starts_at, n)
       ) w
       where starts_at < ends_at
     ),
     step as (
       select at, in_tenant_id, in_provider, in_meter, unit, extract(epoch from occurred_at) as begins_at,
         quantity - coalesce(lag(quantity) over gauge, 0) as rise
       from told
       where occurred_at < $16::timestamptz
       window gauge as (partition by tenant_id, provider, meter, unit, stream_key order by occurred_at, position, fact_key)
     ),
     risen as (
       select ${place}, sum(rise) as rise, sum(rise * (ends_at - begins_at)) as area
       from step join period using (at)
       group by ${place}
     ),
     average as (
       select ${place}, seconds, count(rise) over upto as rises,
         coalesce(area, 0) + seconds * (coalesce(sum(rise) over upto, 0) - coalesce(rise, 0)) as area
       from (select distinct in_tenant_id, in_provider, in_meter, unit from risen) g
       cross join period
       left join risen using (at, in_tenant_id, in_provider, in_meter, unit)
       window upto as (partition by in_tenant_id, in_provider, in_meter, unit order by at)
     ),
     measured as (
       -- By whole numbers: a quotient of numeric is rounded before round() could round it.
       select ${place},
         sign(area) * div(2 * abs(area) * 1e${AVERAGE_SCALE} + seconds, 2 * seconds) * 1e-${AVERAGE_SCALE} as quantity
       from average
       where at >= 0 and rises > 0
     )`,
};
