import type { Money } from '../domain/currency.ts';
import type { Mode } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';
import type { AsOf } from './as-of.ts';
import type { Model } from './read-models.ts';
import { tableOf } from './read-models.ts';
import type { Range } from './time-range.ts';
import type { CostStatus } from './usage-source.ts';

/** Start of the call in milliseconds, and the key of its stream: the latest call comes first. */
export type CallKey = readonly [number, string];

/** What one meter or component of one leg adds up to. */
export type CallFigure = Readonly<{
  streamKey: string;
  tenantId: string;
  kind: 'usage' | 'cost';
  meter: string;
  quantity: string;
  cost: string;
  /** Empty for usage. */
  currency: string;
  status: CostStatus;
  uncosted: string;
}>;

export type CallRow = Readonly<{
  key: CallKey;
  startedAt: Date;
  figures: readonly CallFigure[];
  /** The legs that the call names, whether anything is known of them or not; ids as in keys of streams. */
  links: readonly Readonly<{ provider: string; account: string | null; linkedId: string }>[];
}>;

export type CallQuery = Readonly<{
  usage: Model;
  calls: Model;
  asOf: AsOf;
  mode: Mode;
  /** Of the start of the call: that of its first leg. */
  range: Range;
  /** A call is of every tenant that one of its legs is of, and is shown as a whole. */
  tenantIds?: readonly string[] | undefined;
}>;

/**
 * Each call with a figure once, with its legs at other providers. A leg that several calls name is of the one that
 * named it first, so that it counts once; a leg whose call is out of sight is a call by itself.
 */
export async function readCalls(
  tx: Tx,
  { after, limit, ...query }: CallQuery & Readonly<{ after?: CallKey | undefined; limit: number }>,
): Promise<readonly CallRow[]> {
  // Nothing of a further page starts later than the page before ended.
  const to = after === undefined ? query.range.to : new Date(after[0] + 1);
  const { rows } = await tx.query<Omit<CallRow, 'key'> & { callKey: string }>(
    `with ${callSelect(query)},
     placed as (
       select *, dense_rank() over (order by started_at desc, call_key desc) as place
       from chosen
       where $6::timestamptz is null or (started_at, call_key) < ($6::timestamptz, $7::text collate "C")
     ),
     page as (
       select call_key, started_at, stream_key, tenant_id, kind, meter, cost_currency, cost_status,
         sum(quantity) as quantity, sum(cost) as cost, sum(uncosted) as uncosted
       from placed
       where place <= $8::integer
       group by 1, 2, 3, 4, 5, 6, 7, 8
     )
     select p.call_key as "callKey", p.started_at as "startedAt",
       json_agg(json_build_object('streamKey', p.stream_key, 'tenantId', p.tenant_id, 'kind', p.kind, 'meter', p.meter,
         'quantity', trim_scale(p.quantity)::text, 'cost', trim_scale(p.cost)::text, 'currency', p.cost_currency,
         'status', p.cost_status, 'uncosted', p.uncosted::text)
         order by p.stream_key, p.kind, p.meter, p.cost_currency, p.cost_status) as figures,
       (select coalesce(json_agg(k order by k.provider, k."linkedId"), '[]') from (
         select distinct on (provider, linked_id) provider, account, linked_id as "linkedId"
         from ${tableOf('call_links', query.calls)} k
         where stream_key = p.call_key and ${VISIBLE_LINK}
         order by provider, linked_id, position
       ) k) as links
     from page p
     group by p.call_key, p.started_at
     order by p.started_at desc, p.call_key desc`,
    [...callValues({ ...query, range: { ...query.range, to } }), after && new Date(after[0]), after?.[1], limit],
  );
  return rows.map(({ callKey, ...row }) => ({ ...row, key: [row.startedAt.getTime(), callKey] }));
}

export type CallTotals = Readonly<{
  calls: string;
  /** Final and estimated, by currency. */
  cost: readonly Money[];
  /** The part of it that is estimated. */
  estimated: readonly Money[];
}>;

/** Over all pages. */
export async function readCallTotals(tx: Tx, query: CallQuery): Promise<CallTotals> {
  const { rows } = await tx.query<{ calls: string; currency: string; cost: string; estimated: string | null }>(
    `with ${callSelect(query)}
     select (select count(distinct call_key) from chosen)::text as calls, cost_currency as currency,
       trim_scale(sum(cost))::text as cost,
       trim_scale(sum(cost) filter (where cost_status = 'estimated'))::text as estimated
     from chosen
     group by cost_currency
     order by cost_currency`,
    callValues(query),
  );
  const sums = rows.filter(({ currency }) => currency !== '');
  return {
    calls: rows[0]?.calls ?? '0',
    cost: sums.map(({ cost, currency }) => ({ amount: cost, currency })),
    estimated: sums.flatMap(({ estimated, currency }) => (estimated === null ? [] : [{ amount: estimated, currency }])),
  };
}

const VISIBLE_LINK = `k.mode = $1::text and k.books = 'platform' and k.position <= $4::bigint`;
const VISIBLE_LINE = `l.mode = $1::text and l.books = 'platform' and l.position <= $4::bigint`;

/**
 * `chosen`: what is known of the legs of the calls that are asked for, from the lines, which hold for every position.
 * Parameters $1 to $5 are `callValues(query)`. It starts from what happened in the range, so that the rest of history is
 * not read; and it ends in windows, not joins, as PostgreSQL cannot guess how many calls there are.
 */
function callSelect({ usage, calls }: CallQuery): string {
  const facts = tableOf('usage_facts', usage);
  const lines = tableOf('usage_lines', usage);
  const links = tableOf('call_links', calls);
  /** The call that a stream is a leg of. */
  const callOf = (leg: string) => `
    left join lateral (
      select k.stream_key as call_key from ${links} k
      where k.linked_id = ${leg}.call_id and k.provider = ${leg}.provider
        and (k.account is null or k.account = ${leg}.account) and ${VISIBLE_LINK}
      order by k.position, k.stream_key
      limit 1
    ) linked on true`;
  return `
    active as (
      select distinct f.stream_key, f.call_id, f.provider, f.account
      from ${lines} l
      join ${facts} f using (fact_key)
      where ${VISIBLE_LINE} and l.occurred_at >= $2::timestamptz and l.occurred_at < $3::timestamptz
        and f.call_id is not null
    ),
    call as (
      select distinct coalesce(linked.call_key, active.stream_key) as call_key from active ${callOf('active')}
    ),
    leg as (
      select distinct call.call_key, leg.stream_key
      from call
      cross join lateral (
        select f.stream_key, f.call_id, f.provider, f.account from ${facts} f where f.stream_key = call.call_key
        union
        select f.stream_key, f.call_id, f.provider, f.account
        from ${links} k
        join ${facts} f on f.call_id = k.linked_id and f.provider = k.provider
        where k.stream_key = call.call_key and ${VISIBLE_LINK}
      ) leg
      ${callOf('leg')}
      where coalesce(linked.call_key, leg.stream_key) = call.call_key
    ),
    figure as (
      select leg.call_key, leg.stream_key, l.tenant_id, l.kind, l.meter, l.occurred_at, l.cost_currency, l.cost_status,
        sum(l.quantity) as quantity, sum(l.cost) as cost, sum(l.uncosted) as uncosted
      from leg
      join ${facts} f using (stream_key)
      join ${lines} l using (fact_key)
      where ${VISIBLE_LINE}
      group by 1, 2, 3, 4, 5, 6, 7, 8
      having sum(l.facts) <> 0 or sum(l.cost) <> 0
    ),
    chosen as (
      select * from (
        select figure.*, min(occurred_at) over call as started_at,
          bool_or(tenant_id = any ($5::text[])) over call as is_of_tenant
        from figure
        window call as (partition by call_key)
      ) whole
      where started_at >= $2::timestamptz and started_at < $3::timestamptz and ($5::text[] is null or is_of_tenant)
    )`;
}

function callValues({ mode, range, asOf, tenantIds }: CallQuery): unknown[] {
  return [mode, range.from, range.to, String(asOf.position), tenantIds ?? null];
}
