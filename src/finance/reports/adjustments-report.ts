import { z } from 'zod';
import { PERIOD_FIGURES } from '../../domain/finance-schemas.ts';
import { MONTH } from '../../domain/month.ts';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { lateLines } from '../periods/late-lines.ts';
import { moneyLines } from '../periods/money-lines.ts';
import { currency, listOf, text } from '../query-parameters.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const month = z.string('give it once').regex(MONTH, 'is no month, such as 2026-10');

const parameters = {
  booked_period: month.optional().describe('The month that they are booked in.'),
  service_period: month.optional().describe('The closed month that they are of.'),
  provider: listOf(text).optional(),
  figure: listOf(z.enum(PERIOD_FIGURES, `is one of ${PERIOD_FIGURES.join(', ')}`)).optional(),
  currency: currency.optional(),
};
type Params = z.output<z.ZodObject<typeof parameters>>;

type Row = Readonly<{
  position: string;
  lineNo: number;
  eventId: string;
  servicePeriod: string;
  bookedPeriod: string;
  occurredAt: Date;
  tenantId: string;
  provider: string;
  figure: string;
  meter: string | null;
  unit: string | null;
  quantity: string | null;
  currency: string;
  amount: string;
  cause: string;
  streamKey: string;
}>;

/** Late facts of closed months: each is booked in the first month that was open for it. */
export const adjustmentsReport = defineReport({
  name: 'adjustments',
  summary: 'Late facts of closed months, and the month that each is booked in',
  parameters,
  range: 'all',
  models: ({ usage, payments, invoices }) => [usage, payments, invoices],
  columns: [
    {
      name: 'service_period',
      kind: 'text',
      description: 'The closed month that it is of',
      cell: (row: Row) => row.servicePeriod,
    },
    {
      name: 'booked_period',
      kind: 'text',
      description: 'The month that it is booked in',
      cell: (row) => row.bookedPeriod,
    },
    {
      name: 'occurred_at',
      kind: 'time',
      description: 'When it was used, issued or settled',
      cell: (row) => row.occurredAt,
    },
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Of which provider', cell: (row) => row.provider },
    { name: 'figure', kind: 'text', description: PERIOD_FIGURES.join(', '), cell: (row) => row.figure },
    {
      name: 'meter',
      kind: 'text',
      description: 'Of usage the meter, of a cost its component',
      cell: (row) => row.meter,
    },
    { name: 'unit', kind: 'text', description: 'Of the quantity', cell: (row) => row.unit },
    { name: 'quantity', kind: 'decimal', description: 'Difference of the quantity', cell: (row) => row.quantity },
    {
      name: 'amount',
      kind: 'money',
      description: 'Difference of the figure',
      cell: (row) => moneyOrNull(row.amount, row.currency),
    },
    { name: 'cause', kind: 'text', description: 'Why the line is there', cell: (row) => row.cause },
    { name: 'event_id', kind: 'text', description: 'The event that caused it', cell: (row) => row.eventId },
    { name: 'position', kind: 'integer', description: 'Of that event', cell: (row) => row.position },
  ],
  key: z.tuple([z.string().regex(/^\d{1,18}$/), z.number().int(), z.string()]),
  keyOf: ({ position, lineNo, figure }): [string, number, string] => [position, lineNo, figure],
  readRows,
  readTotals,
  eventsOf: ({ streamKey, position }) => ({ of: 'stream', streamKey, upTo: position }),
});

async function readRows(
  tx: Tx,
  request: ReportRequest<Params>,
  { after, limit }: { after: [string, number, string] | undefined; limit: number },
): Promise<readonly Row[]> {
  const { rows } = await tx.query<Row>(
    `with ${adjustments(request)}
     select a.position, line_no as "lineNo", a.event_id as "eventId", service_period as "servicePeriod",
       booked_period as "bookedPeriod", at as "occurredAt", a.tenant_id as "tenantId", a.provider, figure, a.meter, a.unit,
       trim_scale(a.quantity)::text as quantity, a.currency, trim_scale(a.amount)::text as amount, cause,
       e.stream_key as "streamKey"
     from adjustment a
     join hookledger.events e on e.position = a.position
     where $11::bigint is null or (a.position, line_no, figure) > ($11::bigint, $12::integer, $13::text)
     order by a.position, line_no, figure
     limit $14::integer`,
    [...valuesOf(request), ...(after ?? [null, null, null]), limit],
  );
  return rows;
}

async function readTotals(tx: Tx, request: ReportRequest<Params>) {
  const { rows } = await tx.query<{ figure: string; currency: string; amount: string }>(
    `with ${adjustments(request)}
     select figure, currency, trim_scale(sum(amount))::text as amount
     from adjustment group by figure, currency order by figure, currency`,
    valuesOf(request),
  );
  return Object.fromEntries(
    Map.groupBy(rows, ({ figure }) => figure)
      .entries()
      .map(([figure, sums]) => [figure, sums.map(({ amount, currency }) => ({ amount, currency }))]),
  );
}

/** Figures in their one order, whatever the collation of the database. */
function adjustments({ models }: ReportRequest<Params>): string {
  const where = `mode = $1::text and books = 'platform' and position <= $2::bigint
    and ($3::text[] is null or tenant_id = any ($3::text[]))
    and ($4::text[] is null or provider = any ($4::text[]))`;
  const parts = moneyLines(models, where).map(
    ({ lines, time }) => `
      select * from (
        with ${lateLines({ lines, time, asOf: '$2::bigint' })}
        select position, line_no, event_id, service_period, booked_period, ${time} as at, tenant_id, provider,
          figure collate "C" as figure, meter, unit, quantity, currency, amount, cause
        from late
      ) l`,
  );
  return `adjustment as (
    select * from (${parts.join(' union all ')}) a
    where ($5::text is null or booked_period = $5::text)
      and ($6::text is null or service_period = $6::text)
      and ($7::text[] is null or figure = any ($7::text[]))
      and ($8::text is null or currency = $8::text)
      and at >= $9::timestamptz and at < $10::timestamptz)`;
}

function valuesOf({ filter, params }: ReportRequest<Params>): unknown[] {
  return [
    filter.mode,
    filter.asOf.position,
    filter.tenantIds ?? null,
    params.provider ?? null,
    params.booked_period ?? null,
    params.service_period ?? null,
    params.figure ?? null,
    params.currency ?? null,
    filter.range.from,
    filter.range.to,
  ];
}
