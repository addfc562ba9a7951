import { z } from 'zod';
import { moneyOrNull } from '../money-cell.ts';
import { currency, listOf, text } from '../query-parameters.ts';
import { openInvoicesSelect } from '../receivables/open-invoices-select.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const parameters = { provider: listOf(text).optional(), currency: currency.optional() };
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

const BUCKETS = ['current', 'days_1_30', 'days_31_60', 'days_61_90', 'days_91_more'] as const;
type Bucket = (typeof BUCKETS)[number];
type Row = Readonly<Record<Bucket | 'balance', string> & { tenantId: string; currency: string; invoices: string }>;

/** Balances by how many days they are past due: each invoice is in just one bucket, and the buckets are the balance. */
export const ageingReport = defineReport({
  name: 'receivables/ageing',
  summary: 'Open balances by days past due: current, 1 to 30, 31 to 60, 61 to 90, 91 and more',
  parameters,
  range: 'all',
  models: ({ invoices }) => [invoices],
  columns: [
    { name: 'tenant_id', kind: 'text', description: 'Who owes it', cell: (row: Row) => row.tenantId },
    { name: 'invoices', kind: 'integer', description: 'How many', cell: (row) => row.invoices },
    ...BUCKETS.map((bucket) => ({
      name: bucket,
      kind: 'money' as const,
      description: bucket === 'current' ? 'Not past due, or without a due date' : 'Past due, in days of the zone',
      cell: (row: Row) => moneyOrNull(row[bucket], row.currency),
    })),
    {
      name: 'balance',
      kind: 'money',
      description: 'All of them',
      cell: (row) => moneyOrNull(row.balance, row.currency),
    },
  ],
  key: z.tuple([z.string(), z.string()]),
  keyOf: ({ tenantId, currency }): [string, string] => [tenantId, currency],
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select tenant_id as "tenantId", currency, count(*)::text as invoices, ${SUMS}
       from (${aged(request)}) a
       where $8::text is null or (tenant_id, currency collate "C") > ($8::text, $9::text)
       group by tenant_id, currency
       order by tenant_id, currency collate "C"
       limit $10::integer`,
      [...valuesOf(request), ...(after ?? [null, null]), limit],
    );
    return rows;
  },
  async readTotals(tx, request) {
    const { rows } = await tx.query<Row>(
      `select '' as "tenantId", currency, count(*)::text as invoices, ${SUMS}
       from (${aged(request)}) a group by currency order by currency collate "C"`,
      valuesOf(request),
    );
    return Object.fromEntries(
      [...BUCKETS, 'balance' as const].map((name) => [
        name,
        rows.map((row) => ({ amount: row[name], currency: row.currency })),
      ]),
    );
  },
  eventsOf: ({ tenantId, currency }, { filter }) => ({
    of: 'figure',
    figure: 'billed',
    filter: { ...filter, tenantIds: [tenantId], currency },
  }),
});

const SUMS = [
  ...BUCKETS.map(
    (bucket) => `trim_scale(coalesce(sum(balance) filter (where bucket = '${bucket}'), 0))::text as ${bucket}`,
  ),
  'trim_scale(sum(balance))::text as balance',
].join(', ');

function aged({ models }: Request): string {
  return `
    select tenant_id, currency, balance,
      case when coalesce(days_past_due, 0) = 0 then 'current' when days_past_due <= 30 then 'days_1_30'
        when days_past_due <= 60 then 'days_31_60' when days_past_due <= 90 then 'days_61_90' else 'days_91_more'
      end as bucket
    from (${openInvoicesSelect(models.invoices)}) o
    where balance <> 0 and ($7::text is null or currency = $7::text)`;
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
  ];
}
