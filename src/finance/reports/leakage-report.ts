import { z } from 'zod';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { listOf, text } from '../query-parameters.ts';
import { tableOf } from '../read-models.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';
import { usageValues } from '../usage-source.ts';

const LEAKS = ['cost_not_rated', 'no_plan', 'never_ended'] as const;

const parameters = {
  provider: listOf(text).optional(),
  leak: listOf(z.enum(LEAKS, `is one of ${LEAKS.join(', ')}`)).optional(),
};
type Params = z.output<z.ZodObject<typeof parameters>>;
type Request = ReportRequest<Params>;
type Key = [string, string, string, string];

type Row = Readonly<{
  leak: (typeof LEAKS)[number];
  tenantId: string;
  provider: string;
  currency: string;
  facts: string;
  cost: string | null;
}>;

/** Money that nobody asks for: what costs us and is not priced, who has no plan, and calls of which no end was told. */
export const leakageReport = defineReport({
  name: 'leakage',
  summary: 'Revenue leakage: usage that costs and is not rated, tenants without a plan, calls whose end was never told',
  parameters,
  range: 'month',
  models: ({ usage }) => [usage],
  columns: [
    {
      name: 'leak',
      kind: 'text',
      description: 'cost_not_rated: usage without a price; no_plan: its tenant has none; never_ended: no end was told',
      cell: (row: Row) => row.leak,
    },
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Of which provider', cell: (row) => row.provider },
    { name: 'facts', kind: 'integer', description: 'Usage facts, or calls', cell: (row) => row.facts },
    {
      name: 'cost',
      kind: 'money',
      description: 'What they cost us; none where that is not known',
      cell: (row) => moneyOrNull(row.cost, row.currency),
    },
  ],
  key: z.tuple([z.string(), z.string(), z.string(), z.string()]),
  keyOf: ({ leak, tenantId, provider, currency }): Key => [leak, tenantId, provider, currency],
  async readRows(tx: Tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `with ${leaks(request)}
       select leak, tenant_id as "tenantId", provider, currency, facts::text as facts, trim_scale(cost)::text as cost
       from leak
       where $10::text is null or (leak, tenant_id, provider, currency) > ($10::text, $11::text, $12::text, $13::text)
       order by leak, tenant_id, provider, currency
       limit $14::integer`,
      [...valuesOf(request), ...(after ?? [null, null, null, null]), limit],
    );
    return rows;
  },
  async readTotals(tx: Tx, request) {
    const { rows } = await tx.query<{ currency: string; amount: string }>(
      `with ${leaks(request)}
       select currency, trim_scale(sum(cost))::text as amount from leak
       where leak = 'cost_not_rated' and currency <> '' group by currency order by currency`,
      valuesOf(request),
    );
    return { cost_not_rated: rows };
  },
  eventsOf: ({ tenantId, provider }, { filter }) => ({
    of: 'figure',
    figure: 'usage',
    filter: { ...filter, tenantIds: [tenantId], providers: [provider] },
  }),
});

const LONGEST_CALL_MS = 3_600_000;

function valuesOf({ filter, params }: Request): unknown[] {
  const endedBy = new Date(filter.asOf.recordedAt.getTime() - LONGEST_CALL_MS);
  return [...usageValues({ ...filter, providers: params.provider }), params.leak ?? null, endedBy];
}

/**
 * A call counts as never ended when an hour has passed since it began and its stream has no end: the metering failed,
 * which otherwise looks like no usage.
 */
function leaks({ models }: Request): string {
  return `line as materialized (
      select tenant_id, provider, kind, fact_key, split_part(fact_key, '#', 1) as stream_key, facts, unpriced, cost,
        cost_currency
      from ${tableOf('usage_lines', models.usage)}
      where mode = $1::text and books = 'platform' and occurred_at >= $2::timestamptz and occurred_at < $3::timestamptz
        and position <= $4::bigint
        and ($5::text[] is null or tenant_id = any ($5::text[]))
        and ($6::text[] is null or provider = any ($6::text[])) and ($7::text[] is null or meter = any ($7::text[]))
    ),
    unpriced as (
      select tenant_id, provider, stream_key, sum(unpriced) as facts
      from line where kind = 'usage' group by 1, 2, 3 having sum(unpriced) > 0
    ),
    cost as (
      select stream_key, cost_currency, sum(cost) as cost
      from line where kind = 'cost' and cost_currency <> '' group by 1, 2
    ),
    leak as (
      select leak collate "C" as leak, tenant_id, provider collate "C" as provider, currency collate "C" as currency,
        facts, cost
      from (
        select 'cost_not_rated' as leak, u.tenant_id, u.provider, coalesce(c.cost_currency, '') as currency,
          sum(u.facts) as facts, sum(c.cost) as cost
        from unpriced u left join cost c using (stream_key)
        group by u.tenant_id, u.provider, c.cost_currency
        union all
        select 'no_plan', l.tenant_id, l.provider, '', sum(l.facts), null
        from line l
        where l.kind = 'usage' and not exists (
          select from hookledger.price_plan_assignments a where a.tenant_id = l.tenant_id and a.position <= $4::bigint)
        group by l.tenant_id, l.provider
        having sum(l.facts) > 0
        union all
        select 'never_ended', e.tenant_id, e.provider, '', count(*), null
        from hookledger.events e
        where e.type in ('CallStarted', 'ChatStarted') and e.mode = $1::text and e.books = 'platform'
          and e.occurred_at >= $2::timestamptz
          and e.occurred_at < least($3::timestamptz, $9::timestamptz)
          and e.position <= $4::bigint
          and ($5::text[] is null or e.tenant_id = any ($5::text[]))
          and ($6::text[] is null or e.provider = any ($6::text[]))
          and not exists (
            select from hookledger.events d
            where d.stream_key = e.stream_key and d.position <= $4::bigint
              and d.type in ('CallEnded', 'CallAnalyzed', 'ChatEnded', 'ChatAnalyzed'))
        group by e.tenant_id, e.provider
      ) all_leaks
      where ($8::text[] is null or leak = any ($8::text[]))
    )`;
}
