import { z } from 'zod';
import { moneyOrNull } from '../money-cell.ts';
import { PAYMENT_STATUSES, readPayments, readPaymentTotals } from '../payments.ts';
import type { PaymentQuery, PaymentRow } from '../payments.ts';
import { currency, listOf, text } from '../query-parameters.ts';
import { defineReport, isUnbounded } from '../report.ts';
import type { Cell, ReportRequest } from '../report.ts';

const parameters = {
  provider: listOf(text).optional(),
  currency: currency.optional(),
  status: listOf(z.enum(PAYMENT_STATUSES, `is one of ${PAYMENT_STATUSES.join(', ')}`)).optional(),
};
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

/**
 * Each payment once, as it stood. `from` and `to` are of the settlement and leave out what is not settled; without them
 * every payment is listed.
 */
export const paymentsReport = defineReport({
  name: 'payments',
  summary: 'Payments: gross, refunded and net, and beside them what disputes took',
  parameters,
  range: 'all',
  models: ({ payments }) => [payments],
  columns: [
    { name: 'payment_id', kind: 'text', description: "The provider's id", cell: (row: PaymentRow) => row.paymentId },
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Of which provider', cell: (row) => row.provider },
    { name: 'account', kind: 'text', description: 'On which account', cell: (row) => row.account },
    { name: 'status', kind: 'text', description: PAYMENT_STATUSES.join(', '), cell: (row) => row.status },
    { name: 'gross', kind: 'money', description: 'What was paid, or tried', cell: (row) => money(row, row.gross) },
    { name: 'refunded', kind: 'money', description: 'Given back', cell: (row) => money(row, row.refunded) },
    { name: 'net', kind: 'money', description: 'Collected: gross less refunded', cell: (row) => money(row, row.net) },
    {
      name: 'disputed',
      kind: 'money',
      description: 'Withdrawn by disputes less reinstated: beside net, not in it',
      cell: (row) => money(row, row.disputed),
    },
    { name: 'fees', kind: 'money', description: 'Kept for disputes, beside net', cell: (row) => money(row, row.fees) },
    {
      name: 'net_cash',
      kind: 'money',
      description: 'net less disputed and fees; none where any of it is in another currency',
      cell: (row) => (row.netCash === null ? null : money(row, row.netCash)),
    },
    { name: 'currency', kind: 'text', description: 'None while no amount is known', cell: (row) => row.currency },
    { name: 'customer_id', kind: 'text', description: "The provider's id", cell: (row) => row.customerId },
    { name: 'invoice_ids', kind: 'texts', description: 'Invoices that it pays', cell: (row) => row.invoiceIds },
    { name: 'settled_at', kind: 'time', description: 'None while it is not settled', cell: (row) => row.settledAt },
    { name: 'failed_attempts', kind: 'integer', description: 'How many', cell: (row) => row.failedAttempts },
    { name: 'failure_code', kind: 'text', description: 'Of the last failed attempt', cell: (row) => row.failureCode },
    {
      name: 'differing_reports',
      kind: 'integer',
      description: 'How often two reports of one fact told different amounts',
      cell: (row) => row.differingReports,
    },
    // As text, like every position of an answer.
    { name: 'position', kind: 'text', description: 'Of the event that touched it last', cell: (row) => row.position },
  ],
  key: z.string().regex(/^\d{1,18}$/),
  keyOf: ({ position }) => position,
  readRows: (tx, request, { after, limit }) => readPayments(tx, { ...queryOf(request), after, limit }),
  readTotals: async (tx, request): Promise<Record<string, Cell>> => readPaymentTotals(tx, queryOf(request)),
  eventsOf: ({ streamKey, position }) => ({ of: 'stream', streamKey, upTo: position }),
});

function queryOf({ models, asOf, filter, params, range }: Request): Omit<PaymentQuery, 'after' | 'limit'> {
  return {
    model: models.payments,
    asOf,
    mode: filter.mode,
    tenantIds: filter.tenantIds,
    providers: params.provider,
    statuses: params.status,
    currency: params.currency,
    ...(isUnbounded(range) ? {} : { settledFrom: range.from, settledTo: range.to }),
  };
}

function money({ currency: code }: PaymentRow, amount: string): Cell {
  return moneyOrNull(amount, code);
}
