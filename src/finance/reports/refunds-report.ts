import type { z } from 'zod';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { listOf, text } from '../query-parameters.ts';
import { tableOf } from '../read-models.ts';
import {
  partKey,
  partEventsOf,
  partKeyOf,
  partPage,
  partParameters,
  partSelect,
  partValues,
  sumByCurrency,
} from '../receivables/part-select.ts';
import type { Part, Sums } from '../receivables/part-select.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const parameters = { ...partParameters, status: listOf(text).optional(), reason: listOf(text).optional() };
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

type Row = Part &
  Readonly<{
    refundId: string | null;
    paymentId: string;
    chargeId: string | null;
    tenantId: string;
    provider: string;
    status: string;
    isCounted: boolean;
    reason: string | null;
    amount: string;
    currency: string;
    refundedAt: Date;
  }>;

/** What was given back of payments. */
export const refundsReport = defineReport({
  name: 'refunds',
  summary: 'Refunds, with their payment and why they were given',
  parameters,
  range: 'all',
  models: ({ payments }) => [payments],
  columns: [
    {
      name: 'refund_id',
      kind: 'text',
      description: 'None where only the total of a charge tells it',
      cell: (row: Row) => row.refundId,
    },
    { name: 'payment_id', kind: 'text', description: 'What is given back', cell: (row) => row.paymentId },
    { name: 'charge_id', kind: 'text', description: "The provider's id", cell: (row) => row.chargeId },
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Of which provider', cell: (row) => row.provider },
    { name: 'amount', kind: 'money', description: 'Given back', cell: (row) => moneyOrNull(row.amount, row.currency) },
    {
      name: 'status',
      kind: 'text',
      description: 'Of the provider, or unlisted: only the total of a charge tells it',
      cell: (row) => row.status,
    },
    {
      name: 'counted',
      kind: 'flag',
      description: 'Whether it lowers what is collected',
      cell: (row) => row.isCounted,
    },
    { name: 'reason', kind: 'text', description: 'As the provider tells it', cell: (row) => row.reason },
    { name: 'refunded_at', kind: 'time', description: 'When it was made', cell: (row) => row.refundedAt },
  ],
  key: partKey,
  keyOf: (row) => partKeyOf(row),
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select position, part_key as "partKey", stream_key as "streamKey", refund_id as "refundId",
         payment_id as "paymentId", charge_id as "chargeId", tenant_id as "tenantId", provider, status,
         is_counted as "isCounted", reason, trim_scale(amount)::text as amount, currency, refunded_at as "refundedAt"
       from (${refunds(request)}) r
       ${partPage(10)}`,
      [...valuesOf(request), ...(after ?? [null, null]), limit],
    );
    return rows;
  },
  async readTotals(tx: Tx, request) {
    const { rows } = await tx.query<{ refunds: string; refunded: Sums }>(
      `with part as (${refunds(request)})
       select (select count(*) from part)::text as refunds,
         ${sumByCurrency('amount', 'currency', 'is_counted')} as refunded`,
      valuesOf(request),
    );
    return rows[0] ?? { refunds: '0', refunded: [] };
  },
  eventsOf: (row) => partEventsOf(row),
});

function refunds({ models }: Request): string {
  return `
    select * from (${partSelect(tableOf('refunds', models.payments), 'refunded_at')}) refund
    where ($8::text[] is null or status = any ($8::text[])) and ($9::text[] is null or reason = any ($9::text[]))`;
}

function valuesOf(request: Request): unknown[] {
  const { status, reason } = request.params;
  return [...partValues(request), status ?? null, reason ?? null];
}
