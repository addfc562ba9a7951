import { z } from 'zod';
import { moneyOrNull } from '../money-cell.ts';
import { currency, listOf, text } from '../query-parameters.ts';
import { openInvoicesSelect } from '../receivables/open-invoices-select.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const parameters = {
  provider: listOf(text).optional(),
  currency: currency.optional(),
  min_amount: z
    .string('give it once')
    .regex(/^\d{1,12}(\.\d{1,12})?$/, 'is no amount, such as 100')
    .optional()
    .describe('Only balances of at least so much, each in its own currency.'),
  min_days_past_due: z
    .string('give it once')
    .regex(/^\d{1,5}$/, 'is no number of days')
    .optional()
    .describe('Only what is overdue by at least so many days: 61 for what is more than 60 days overdue.'),
};
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

type Row = Readonly<{
  streamKey: string;
  position: string;
  invoiceId: string;
  number: string | null;
  tenantId: string;
  provider: string;
  status: string;
  currency: string;
  issuedAt: Date;
  dueAt: Date | null;
  total: string;
  tax: string;
  paid: string;
  credited: string;
  balance: string;
  daysPastDue: number | null;
}>;

/** Invoices with a balance, the oldest due first. */
export const receivablesReport = defineReport({
  name: 'receivables',
  summary: 'Invoices that are not settled, by their balance: total less what was paid and credited',
  parameters,
  range: 'all',
  models: ({ invoices }) => [invoices],
  columns: [
    { name: 'invoice_id', kind: 'text', description: "The provider's id", cell: (row: Row) => row.invoiceId },
    { name: 'number', kind: 'text', description: 'For people', cell: (row) => row.number },
    { name: 'tenant_id', kind: 'text', description: 'Who owes it', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Who issued it for us', cell: (row) => row.provider },
    { name: 'status', kind: 'text', description: 'open, paid or uncollectible', cell: (row) => row.status },
    { name: 'issued_at', kind: 'date', description: 'Day of issue', cell: (row) => row.issuedAt },
    { name: 'due_at', kind: 'date', description: 'Day it is due', cell: (row) => row.dueAt },
    {
      name: 'days_past_due',
      kind: 'integer',
      description: '0 while it is not overdue',
      cell: (row) => row.daysPastDue,
    },
    { name: 'total', kind: 'money', description: 'With tax', cell: (row) => moneyOrNull(row.total, row.currency) },
    { name: 'tax', kind: 'money', description: 'In the total', cell: (row) => moneyOrNull(row.tax, row.currency) },
    { name: 'paid', kind: 'money', description: 'Paid on it', cell: (row) => moneyOrNull(row.paid, row.currency) },
    {
      name: 'credited',
      kind: 'money',
      description: 'By credit notes',
      cell: (row) => moneyOrNull(row.credited, row.currency),
    },
    { name: 'balance', kind: 'money', description: 'Still due', cell: (row) => moneyOrNull(row.balance, row.currency) },
  ],
  key: z.tuple([z.string(), z.string()]),
  keyOf: ({ dueAt, streamKey }): [string, string] => [dueAt?.toISOString() ?? 'infinity', streamKey],
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select stream_key as "streamKey", position, invoice_id as "invoiceId", invoice_number as number,
         tenant_id as "tenantId", provider, status, currency, issued_at as "issuedAt", due_at as "dueAt",
         trim_scale(total)::text as total, trim_scale(tax)::text as tax, trim_scale(paid)::text as paid,
         trim_scale(credited)::text as credited, trim_scale(balance)::text as balance, days_past_due as "daysPastDue"
       from (${unsettled(request)}) i
       where $10::timestamptz is null
         or (date_trunc('milliseconds', coalesce(due_at, 'infinity')), stream_key) > ($10::timestamptz, $11::text)
       order by date_trunc('milliseconds', coalesce(due_at, 'infinity')), stream_key
       limit $12::integer`,
      [...valuesOf(request), ...(after ?? [null, null]), limit],
    );
    return rows;
  },
  async readTotals(tx, request) {
    const { rows } = await tx.query<{ amount: string; currency: string }>(
      `select trim_scale(sum(balance))::text as amount, currency from (${unsettled(request)}) i
       group by currency order by currency`,
      valuesOf(request),
    );
    return { balance: rows };
  },
  eventsOf: ({ streamKey, position }) => ({ of: 'stream', streamKey, upTo: position }),
});

function unsettled({ models }: Request): string {
  return `
    select * from (${openInvoicesSelect(models.invoices)}) o
    where balance <> 0 and ($7::text is null or currency = $7::text) and ($8::numeric is null or balance >= $8::numeric)
      and ($9::integer is null or days_past_due >= $9::integer)`;
}

function valuesOf({ filter, params, tz, asOf }: Request): unknown[] {
  return [
    filter.mode,
    asOf.position,
    filter.tenantIds ?? null,
    params.provider ?? null,
    tz,
    asOf.recordedAt,
    params.currency ?? null,
    params.min_amount ?? null,
    params.min_days_past_due ?? null,
  ];
}
