import { z } from 'zod';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { tableOf } from '../read-models.ts';
import { openInvoicesSelect, openInvoiceValues, receivableParameters } from '../receivables/open-invoices-select.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

type Request = ReportRequest<z.output<z.ZodObject<typeof receivableParameters>>>;

const BUCKETS = ['current', 'days_1_30', 'days_31_60', 'days_61_90', 'days_91_more'] as const;
type Bucket = (typeof BUCKETS)[number];
type Row = Readonly<
  Record<Bucket | 'balance', string> & {
    tenantId: string;
    currency: string;
    invoices: string;
    /** Null where nothing was billed in the days before. */
    dso: string | null;
  }
>;

/** Balances by how many days they are past due: each invoice is in just one bucket, and the buckets are the balance. */
export const ageingReport = defineReport({
  name: 'receivables/ageing',
  summary: 'Open balances by days past due: current, 1 to 30, 31 to 60, 61 to 90, 91 and more',
  parameters: receivableParameters,
  range: 'all',
  models: ({ invoices, payments }) => [invoices, payments],
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
    {
      name: 'dso_days',
      kind: 'decimal',
      description: 'Days sales outstanding: the balance by what was billed a day, tax included, over 90 days',
      cell: (row) => row.dso,
    },
  ],
  key: z.tuple([z.string(), z.string()]),
  keyOf: ({ tenantId, currency }): [string, string] => [tenantId, currency],
  readRows: (tx, request, { after, limit }) => readAged(tx, request, { byTenant: true, after, limit }),
  async readTotals(tx, request) {
    const rows = await readAged(tx, request, { byTenant: false, after: undefined, limit: 1_000 });
    const sums = [...BUCKETS, 'balance' as const].map((name) => [
      name,
      rows.map((row) => ({ amount: row[name], currency: row.currency })),
    ]);
    return {
      ...Object.fromEntries(sums),
      dso_days: rows.flatMap(({ dso, currency }) => (dso === null ? [] : [`${dso} (${currency})`])),
    };
  },
  eventsOf: ({ tenantId, currency }, { filter }) => ({
    of: 'figure',
    figure: 'billed',
    filter: { ...filter, tenantIds: [tenantId], currency },
  }),
});

const DSO_DAYS = 90;

/** By tenant and currency, or by currency alone. */
async function readAged(
  tx: Tx,
  request: Request,
  { byTenant, after, limit }: { byTenant: boolean; after: readonly [string, string] | undefined; limit: number },
): Promise<readonly Row[]> {
  const tenant = byTenant ? 'tenant_id' : `''::text collate "C"`;
  const { rows } = await tx.query<Row>(
    `with aged as (
       select ${tenant} as tenant_id, currency, count(*) as invoices, sum(balance) as balance,
         ${BUCKETS.map((bucket) => `coalesce(sum(balance) filter (where ${WITHIN[bucket]}), 0) as ${bucket}`).join(', ')}
       from (${openInvoicesSelect(request.models)}) i
       where balance <> 0
       group by 1, currency
     ),
     billed as (
       select ${tenant} as tenant_id, currency, sum(net + tax) as billed
       from ${tableOf('invoice_lines', request.models.invoices)}
       where mode = $1::text and books = 'platform' and position <= $2::bigint
         and issued_at > $6::timestamptz - interval '${DSO_DAYS * 24} hours' and issued_at <= $6::timestamptz
         and ($3::text[] is null or tenant_id = any ($3::text[]))
         and ($4::text[] is null or provider = any ($4::text[]))
       group by 1, currency
     )
     select a.tenant_id as "tenantId", a.currency, a.invoices::text as invoices,
       ${[...BUCKETS, 'balance'].map((name) => `trim_scale(a.${name})::text as ${name}`).join(', ')},
       case when b.billed > 0 then trim_scale(round(a.balance / b.billed * ${DSO_DAYS}, 1))::text end as dso
     from aged a
     left join billed b on b.tenant_id = a.tenant_id and b.currency = a.currency
     where $13::text is null or (a.tenant_id, a.currency collate "C") > ($13::text, $14::text)
     order by a.tenant_id, a.currency collate "C"
     limit $15::integer`,
    [...openInvoiceValues(request), ...(after ?? [null, null]), limit],
  );
  return rows;
}

const WITHIN: Readonly<Record<Bucket, string>> = {
  current: 'days_past_due < 1',
  days_1_30: 'days_past_due >= 1 and days_past_due < 31',
  days_31_60: 'days_past_due >= 31 and days_past_due < 61',
  days_61_90: 'days_past_due >= 61 and days_past_due < 91',
  days_91_more: 'days_past_due >= 91',
};
