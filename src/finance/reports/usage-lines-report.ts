import { z } from 'zod';
import type { Tx } from '../../platform/postgres.ts';
import { linesInRange } from '../periods/lines-in-range.ts';
import { currency, listOf, text } from '../query-parameters.ts';
import { tableOf } from '../read-models.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';
import { moneyOrNull } from '../money-cell.ts';
import { usageRows } from '../usage-rows.ts';
import { usageValues } from '../usage-source.ts';
import type { FigureFilter } from '../usage-source.ts';

const KINDS = ['usage', 'cost'] as const;

const parameters = {
  provider: listOf(text).optional(),
  meter: listOf(text).optional().describe('Of usage the meter, of a cost its component.'),
  kind: z.enum(KINDS, `is one of ${KINDS.join(', ')}`).optional(),
  currency: currency.optional().describe('Of the cost or the price.'),
};
type Params = z.output<z.ZodObject<typeof parameters>>;

type Row = Readonly<{
  position: string;
  lineNo: number;
  eventId: string;
  streamKey: string | null;
  factKey: string;
  cause: string;
  kind: string;
  tenantId: string;
  provider: string;
  meter: string;
  unit: string;
  occurredAt: Date;
  quantity: string;
  cost: string;
  costCurrency: string;
  costStatus: string;
  rated: string;
  ratedCurrency: string;
  planId: string | null;
  pricedBy: 'fact' | 'aggregate' | null;
}>;

/** What every figure of usage, cost and rated is the sum of: append-only lines, each with the event that caused it. */
export const usageLinesReport = defineReport({
  name: 'usage/lines',
  summary: 'The lines that usage, cost and rated are the sums of, each with the event that caused it',
  parameters,
  range: 'month',
  hasBasis: true,
  models: ({ usage }) => [usage],
  columns: [
    { name: 'position', kind: 'integer', description: 'Of the event that caused it', cell: (row: Row) => row.position },
    { name: 'line_no', kind: 'integer', description: 'Among the lines of that event', cell: (row) => row.lineNo },
    { name: 'event_id', kind: 'text', description: 'The event that caused it', cell: (row) => row.eventId },
    { name: 'cause', kind: 'text', description: 'Why it is there', cell: (row) => row.cause },
    { name: 'kind', kind: 'text', description: 'usage or cost', cell: (row) => row.kind },
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Of which provider', cell: (row) => row.provider },
    { name: 'meter', kind: 'text', description: 'Meter, or component of a cost', cell: (row) => row.meter },
    { name: 'unit', kind: 'text', description: 'Of the quantity', cell: (row) => row.unit },
    { name: 'occurred_at', kind: 'time', description: 'When it was used', cell: (row) => row.occurredAt },
    { name: 'quantity', kind: 'decimal', description: 'Difference of the quantity', cell: (row) => row.quantity },
    {
      name: 'cost',
      kind: 'money',
      description: 'Difference of what the provider charges us',
      cell: (row) => moneyOrNull(row.cost, row.costCurrency),
    },
    {
      name: 'cost_status',
      kind: 'text',
      description: 'estimated or final',
      cell: (row) => (row.costCurrency === '' ? null : row.costStatus),
    },
    {
      name: 'rated',
      kind: 'money',
      description: 'Difference of what we charge for it',
      cell: (row) => moneyOrNull(row.rated, row.ratedCurrency),
    },
    { name: 'plan_id', kind: 'text', description: 'The price plan', cell: (row) => row.planId },
    {
      name: 'priced_by',
      kind: 'text',
      description: 'fact, or aggregate: rated with its month, so that the line carries no amount',
      cell: (row) => row.pricedBy,
    },
    { name: 'fact_key', kind: 'text', description: 'The fact that it is of', cell: (row) => row.factKey },
  ],
  key: z.tuple([z.string().regex(/^\d{1,18}$/), z.number().int()]),
  keyOf: ({ position, lineNo }): [string, number] => [position, lineNo],
  readRows,
  readTotals,
  eventsOf: ({ streamKey, position }) => (streamKey === null ? undefined : { of: 'stream', streamKey, upTo: position }),
});

async function readRows(
  tx: Tx,
  request: ReportRequest<Params>,
  { after, limit }: { after: [string, number] | undefined; limit: number },
): Promise<readonly Row[]> {
  const { rows } = await tx.query<Row>(
    `select l.position, l.line_no as "lineNo", l.event_id as "eventId", f.stream_key as "streamKey",
       l.fact_key as "factKey", l.cause, l.kind, l.tenant_id as "tenantId", l.provider, l.meter, l.unit,
       l.occurred_at as "occurredAt", trim_scale(l.quantity)::text as quantity, trim_scale(l.cost)::text as cost,
       l.cost_currency as "costCurrency", l.cost_status as "costStatus", trim_scale(l.rated)::text as rated,
       l.rated_currency as "ratedCurrency", l.plan_id as "planId", l.priced_by as "pricedBy"
     from ${linesSelect(request)} l
     left join ${tableOf('usage_facts', request.models.usage)} f using (fact_key)
     where ($10::bigint is null or (l.position, l.line_no) > ($10::bigint, $11::integer))
       -- Where the range begins in the log, or the page: lines of before are not read to find the first. What is booked in
       -- it may have been used long before it.
       and l.position >= coalesce($10::bigint, case when $13::boolean then 0 end, (
         select min(min_position) from ${tableOf('usage_days', request.models.usage)}
         where day > $2::timestamptz - interval '24 hours' and day < $3::timestamptz
           and ($5::text[] is null or tenant_id = any ($5::text[]))))
     order by l.position, l.line_no
     limit $12::integer`,
    [...valuesOf(request), ...(after ?? [null, null]), limit, request.filter.basis === 'booked'],
  );
  return rows;
}

async function readTotals(tx: Tx, request: ReportRequest<Params>) {
  const { rows } = await tx.query<{
    lines: string;
    cost: Readonly<{ amount: string; currency: string }>[];
    rated: Readonly<{ amount: string; currency: string }>[];
  }>(
    `with figure as materialized (
       select cost_currency, rated_currency, sum(lines) as lines, sum(cost) as cost, sum(rated) as rated
       from (${usageRows(request.source, { scope: scopeOf, ours: OURS, position: '$4::bigint' })}) l
       group by 1, 2
     )
     select (select coalesce(sum(lines), 0)::text from figure) as lines,
       ${sumsOf('cost', 'cost_currency')} as cost, ${sumsOf('rated', 'rated_currency')} as rated`,
    valuesOf(request),
  );
  return rows[0] ?? { lines: '0', cost: [], rated: [] };
}

function sumsOf(amount: string, currency: string): string {
  return `(select coalesce(json_agg(json_build_object('amount', trim_scale(total)::text, 'currency', currency)
       order by currency), '[]')
     from (select ${currency} as currency, sum(${amount}) as total from figure where ${currency} <> '' group by 1) s)`;
}

function linesSelect({ models, filter }: ReportRequest<Params>): string {
  return linesInRange({
    table: tableOf('usage_lines', models.usage),
    time: 'occurred_at',
    basis: filter.basis,
    where: OURS,
  });
}

function scopeOf(at: string): string {
  return `${at} >= $2::timestamptz and ${at} < $3::timestamptz and ${OURS}`;
}

const OURS = `mode = $1::text and books = 'platform'
      and ($5::text[] is null or tenant_id = any ($5::text[]))
      and ($6::text[] is null or provider = any ($6::text[]))
      and ($7::text[] is null or meter = any ($7::text[]))
      and ($8::text is null or kind = $8::text)
      and ($9::text is null or cost_currency = $9::text or rated_currency = $9::text)`;

function valuesOf({ filter, params }: ReportRequest<Params>): unknown[] {
  const wanted: FigureFilter = { ...filter, providers: params.provider, meters: params.meter };
  return [...usageValues(wanted), params.kind ?? null, params.currency ?? null];
}
