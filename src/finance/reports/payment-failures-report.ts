import { z } from 'zod';
import { DECLINE_CATEGORIES } from '../../domain/decline-category.ts';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { listOf } from '../query-parameters.ts';
import { tableOf } from '../read-models.ts';
import {
  partKey,
  partEventsOf,
  partKeyOf,
  partPage,
  partParameters,
  partSelect,
  partValues,
  rate,
  sumByCurrency,
} from '../receivables/part-select.ts';
import type { Part, Sums } from '../receivables/part-select.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const parameters = {
  ...partParameters,
  category: listOf(z.enum(DECLINE_CATEGORIES, `is one of ${DECLINE_CATEGORIES.join(', ')}`)).optional(),
  recovered: z
    .enum(['true', 'false'], 'is true or false')
    .optional()
    .describe('Only of payments that succeeded after all, or only of those that did not.'),
};
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

type Row = Part &
  Readonly<{
    paymentId: string;
    tenantId: string;
    provider: string;
    customerId: string | null;
    invoiceIds: readonly string[];
    attemptNo: number;
    declineCode: string | null;
    failureCode: string | null;
    category: string;
    amount: string;
    currency: string;
    failedAt: Date;
    recoveredAt: Date | null;
  }>;

/** Attempts to pay that failed, each with its code, and whether the payment succeeded after all. */
export const paymentFailuresReport = defineReport({
  name: 'payments/failures',
  summary: 'Attempts to pay that failed, why, and whether the payment succeeded after all',
  parameters,
  range: 'all',
  models: ({ payments }) => [payments],
  columns: [
    { name: 'payment_id', kind: 'text', description: "The provider's id", cell: (row: Row) => row.paymentId },
    { name: 'attempt_no', kind: 'integer', description: 'Of the failed ones, by time', cell: (row) => row.attemptNo },
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Of which provider', cell: (row) => row.provider },
    { name: 'customer_id', kind: 'text', description: "The provider's id", cell: (row) => row.customerId },
    { name: 'invoice_ids', kind: 'texts', description: 'Invoices that it is to pay', cell: (row) => row.invoiceIds },
    { name: 'amount', kind: 'money', description: 'Tried', cell: (row) => moneyOrNull(row.amount, row.currency) },
    { name: 'category', kind: 'text', description: DECLINE_CATEGORIES.join(', '), cell: (row) => row.category },
    { name: 'decline_code', kind: 'text', description: 'Of the card issuer', cell: (row) => row.declineCode },
    { name: 'failure_code', kind: 'text', description: 'Of the provider', cell: (row) => row.failureCode },
    { name: 'failed_at', kind: 'time', description: 'When it was tried', cell: (row) => row.failedAt },
    {
      name: 'recovered_at',
      kind: 'time',
      description: 'When the payment succeeded after all',
      cell: (row) => row.recoveredAt,
    },
  ],
  key: partKey,
  keyOf: (row) => partKeyOf(row),
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select position, part_key as "partKey", stream_key as "streamKey", payment_id as "paymentId",
         tenant_id as "tenantId", provider, customer_id as "customerId", invoice_ids as "invoiceIds",
         attempt_no as "attemptNo", decline_code as "declineCode", failure_code as "failureCode", category,
         trim_scale(amount)::text as amount, currency, failed_at as "failedAt", recovered_at as "recoveredAt"
       from (${failures(request)}) f
       ${partPage(10)}`,
      [...valuesOf(request), ...(after ?? [null, null]), limit],
    );
    return rows;
  },
  readTotals,
  eventsOf: (row) => partEventsOf(row),
});

/** A payment that was tried several times was lost or recovered once: at the amount of its last failed attempt. */
async function readTotals(tx: Tx, request: Request) {
  const recovered = 'count(*) filter (where recovered_at is not null)';
  const { rows } = await tx.query<{
    attempts: string;
    payments: string;
    recovered: string;
    recovery_rate: string | null;
    unrecovered: Sums;
  }>(
    `with attempt as (${failures(request)}),
     part as (select distinct on (stream_key) * from attempt order by stream_key, attempt_no desc)
     select (select count(*) from attempt)::text as attempts, count(*)::text as payments, (${recovered})::text as recovered,
       ${rate(recovered, 'count(*) filter (where recovered_at is null)')} as recovery_rate,
       ${sumByCurrency('amount', 'currency', 'recovered_at is null')} as unrecovered
     from part`,
    valuesOf(request),
  );
  return rows[0] ?? { attempts: '0', payments: '0', recovered: '0', recovery_rate: null, unrecovered: [] };
}

function failures({ models }: Request): string {
  return `
    select * from (${partSelect(tableOf('payment_failures', models.payments), 'failed_at')}) failure
    where ($8::text[] is null or category = any ($8::text[]))
      and ($9::boolean is null or (recovered_at is not null) = $9::boolean)`;
}

function valuesOf(request: Request): unknown[] {
  const { category, recovered } = request.params;
  return [...partValues(request), category ?? null, recovered ?? null];
}
