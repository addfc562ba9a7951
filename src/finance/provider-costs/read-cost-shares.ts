import type { Tx } from '../../platform/postgres.ts';
import type { Model } from '../read-models.ts';
import { usageRows } from '../usage-rows.ts';
import { chooseUsageSource } from '../usage-source.ts';
import type { FigureFilter } from '../usage-source.ts';
import { readProviderCosts } from './read-provider-costs.ts';
import type { FixedCostCategory, ProviderCost } from './read-provider-costs.ts';
import { shareCost } from './share-cost.ts';
import type { Bearer } from './share-cost.ts';

/** What a tenant bears of one fixed cost over the whole of its period. `position`: of the event that entered it. */
export type CostShare = Readonly<{
  position: string;
  voidPosition: string | null;
  tenantId: string;
  provider: string;
  component: string;
  category: FixedCostCategory;
  currency: string;
  /** Exact. */
  amount: string;
  periodFrom: Date;
  periodTo: Date;
}>;

export type CostShareQuery = Readonly<{
  usage: Model;
  filter: FigureFilter;
  /** Also of costs that are void as of the position: of the events behind a figure they are a part. */
  withVoided?: boolean;
}>;

/**
 * The shares of the fixed costs that have a part of their period in the range, as of a position: of the costs entered and
 * not voided by then, by the usage known by then. Filters leave shares out; they never make one greater. They are of the
 * platform's live books, and only its own readers see them: row-level security shows a tenant's reader none.
 */
export async function readCostShares(tx: Tx, query: CostShareQuery): Promise<readonly CostShare[]> {
  const { filter, usage, withVoided } = query;
  if (filter.mode !== 'live' || filter.costStatus === 'estimated') return [];
  const costs = await readProviderCosts(tx, {
    upTo: filter.asOf.position,
    range: filter.range,
    providers: filter.providers,
    components: filter.meters,
    categories: filter.categories,
    currency: filter.currency,
    withVoided,
  });
  const bearersOf = await readBearers(tx, { usage, filter, costs });
  return costs
    .flatMap((cost) =>
      shareCost(cost, bearersOf(cost)).map(({ tenantId, amount }) => ({
        position: cost.position,
        voidPosition: cost.voidPosition,
        tenantId,
        provider: cost.provider,
        component: cost.component,
        category: cost.category,
        currency: cost.currency,
        amount,
        periodFrom: cost.periodFrom,
        periodTo: cost.periodTo,
      })),
    )
    .filter(({ tenantId }) => filter.tenantIds === undefined || filter.tenantIds.includes(tenantId));
}

/** Costs of one period by the same usage have the same bearers. */
type Base = Readonly<{ from: Date; to: Date; provider: string | null; meter: string | null }>;

function baseOf({ allocation, provider, periodFrom: from, periodTo: to }: ProviderCost): Base | undefined {
  switch (allocation.key) {
    case 'direct':
    case 'seats':
      return undefined;
    case 'equal':
      return { from, to, provider: null, meter: null };
    case 'usage':
      return { from, to, provider, meter: allocation.meter };
  }
}

async function readBearers(
  tx: Tx,
  { usage, filter, costs }: Pick<CostShareQuery, 'usage' | 'filter'> & { costs: readonly ProviderCost[] },
): Promise<(cost: ProviderCost) => readonly Bearer[]> {
  const bases = new Map(
    costs.map(baseOf).flatMap((base) => (base === undefined ? [] : [[JSON.stringify(base), base]])),
  );
  const keys = [...bases.keys()];
  const found = keys.length === 0 ? [] : await readUsageOf(tx, { usage, filter, bases: [...bases.values()] });
  const byBase = Map.groupBy(found, ({ base }) => keys[base]);
  return (cost) => byBase.get(JSON.stringify(baseOf(cost))) ?? [];
}

async function readUsageOf(
  tx: Tx,
  { usage, filter: { asOf }, bases }: Pick<CostShareQuery, 'usage' | 'filter'> & { bases: readonly Base[] },
): Promise<readonly (Bearer & Readonly<{ base: number }>)[]> {
  const source = chooseUsageSource(
    usage,
    asOf,
    bases.flatMap((base) => [base.from, base.to]),
  );
  const used = usageRows(source, {
    scope: (at) => `mode = 'live' and books = 'platform' and kind = 'usage'
      and ${at} >= (select min(since) from unnest($2::timestamptz[]) since)
      and ${at} < (select max(until) from unnest($3::timestamptz[]) until)`,
    position: '$1::bigint',
  });
  const { rows } = await tx.query<Bearer & { base: number }>(
    `select b.nth::integer - 1 as base, u.tenant_id as "tenantId", sum(u.quantity)::text as quantity,
       sum(u.facts)::text as facts
     from unnest($2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[]) with ordinality
       b (since, until, provider, meter, nth)
     join (${used}) u on u.at >= b.since and u.at < b.until
       and (b.provider is null or u.provider = b.provider and u.meter = b.meter)
     group by b.nth, u.tenant_id`,
    [
      String(asOf.position),
      bases.map((base) => base.from),
      bases.map((base) => base.to),
      bases.map(({ provider }) => provider),
      bases.map(({ meter }) => meter),
    ],
  );
  return rows;
}
