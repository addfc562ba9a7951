import { z } from 'zod';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { currency, listOf, text } from '../query-parameters.ts';
import { latestSelect, tableOf } from '../read-models.ts';
import { sumByCurrency } from '../receivables/part-select.ts';
import type { Sums } from '../receivables/part-select.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const STATUSES = ['paid', 'failed'] as const;

const parameters = {
  provider: listOf(text).optional(),
  currency: currency.optional(),
  status: listOf(z.enum(STATUSES, `is one of ${STATUSES.join(', ')}`)).optional(),
};
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

type Row = Readonly<{
  streamKey: string;
  position: string;
  payoutId: string;
  tenantId: string;
  provider: string;
  account: string;
  status: string;
  amount: string;
  currency: string;
  isAutomatic: boolean | null;
  method: string | null;
  arrivesAt: Date | null;
  paidAt: Date | null;
  failedAt: Date | null;
  failureCode: string | null;
}>;

/** Money on its way to the bank: it was collected before, so that it counts nowhere again. */
export const payoutsReport = defineReport({
  name: 'payouts',
  summary: 'Payouts of the provider to the bank; what each consists of is in payouts/reconciliation',
  parameters,
  range: 'all',
  models: ({ payouts }) => [payouts],
  columns: [
    { name: 'payout_id', kind: 'text', description: "The provider's id", cell: (row: Row) => row.payoutId },
    { name: 'tenant_id', kind: 'text', description: 'Whose; mostly of none', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Who pays out', cell: (row) => row.provider },
    { name: 'account', kind: 'text', description: 'Of which account', cell: (row) => row.account },
    { name: 'status', kind: 'text', description: 'A failed one goes back to the balance', cell: (row) => row.status },
    {
      name: 'amount',
      kind: 'money',
      description: 'Below zero: taken from the bank',
      cell: (row) => moneyOrNull(row.amount, row.currency),
    },
    {
      name: 'automatic',
      kind: 'flag',
      description: 'Only then the provider says what it consists of',
      cell: (row) => row.isAutomatic,
    },
    { name: 'method', kind: 'text', description: 'Such as standard or instant', cell: (row) => row.method },
    { name: 'arrives_at', kind: 'time', description: 'When it is to be at the bank', cell: (row) => row.arrivesAt },
    {
      name: 'paid_at',
      kind: 'time',
      description: 'When the provider said that it was paid',
      cell: (row) => row.paidAt,
    },
    { name: 'failed_at', kind: 'time', description: 'When it came back', cell: (row) => row.failedAt },
    { name: 'failure_code', kind: 'text', description: 'Why', cell: (row) => row.failureCode },
  ],
  key: z.string().regex(/^\d{1,18}$/),
  keyOf: ({ position }) => position,
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select stream_key as "streamKey", position, payout_id as "payoutId", tenant_id as "tenantId", provider, account,
         status, trim_scale(amount)::text as amount, currency, is_automatic as "isAutomatic", method,
         arrives_at as "arrivesAt", paid_at as "paidAt", failed_at as "failedAt", failure_code as "failureCode"
       from (${payoutSelect(request)}) p
       where $9::bigint is null or position < $9::bigint
       order by position desc
       limit $10::integer`,
      [...valuesOf(request), after ?? null, limit],
    );
    return rows;
  },
  async readTotals(tx: Tx, request) {
    const { rows } = await tx.query<{ paid: Sums; failed: Sums }>(
      `with part as (${payoutSelect(request)})
       select ${sumByCurrency('amount', 'currency', `status = 'paid'`)} as paid,
         ${sumByCurrency('amount', 'currency', `status = 'failed'`)} as failed`,
      valuesOf(request),
    );
    return rows[0] ?? { paid: [], failed: [] };
  },
  eventsOf: ({ streamKey, position }) => ({ of: 'stream', streamKey, upTo: position }),
});

function payoutSelect({ models }: Request): string {
  return `
    select * from (${latestSelect(tableOf('payouts', models.payouts), { key: 'thing', upTo: '$1::bigint' })}) payout
    where mode = $2::text and books = 'platform'
      and coalesce(paid_at, failed_at) >= $3::timestamptz and coalesce(paid_at, failed_at) < $4::timestamptz
      and ($5::text[] is null or tenant_id = any ($5::text[]))
      and ($6::text[] is null or provider = any ($6::text[]))
      and ($7::text is null or currency = $7::text)
      and ($8::text[] is null or status = any ($8::text[]))`;
}

function valuesOf({ asOf, filter, range, params }: Request): unknown[] {
  return [
    String(asOf.position),
    filter.mode,
    range.from,
    range.to,
    filter.tenantIds ?? null,
    params.provider ?? null,
    params.currency ?? null,
    params.status ?? null,
  ];
}
