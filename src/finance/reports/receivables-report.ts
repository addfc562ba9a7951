import { z } from 'zod';
import { moneyOrNull } from '../money-cell.ts';
import { openInvoicesSelect, openInvoiceValues, receivableParameters } from '../receivables/open-invoices-select.ts';
import { defineReport } from '../report.ts';

type Row = Readonly<{
  streamKey: string;
  position: string;
  invoiceId: string;
  number: string | null;
  tenantId: string;
  provider: string;
  status: string;
  currency: string;
  customerId: string | null;
  issuedAt: Date;
  dueAt: Date | null;
  total: string;
  tax: string;
  paid: string;
  fromCustomerBalance: string;
  credited: string;
  creditedPaid: string;
  balance: string;
  settledElsewhere: string;
  daysPastDue: number;
  hasDispute: boolean;
}>;

/** Invoices with a balance, or that nothing we know of covers; the longest overdue first. */
export const receivablesReport = defineReport({
  name: 'receivables',
  summary: 'Invoices that are not settled, by their balance: total less what was paid and credited',
  parameters: receivableParameters,
  range: 'all',
  models: ({ invoices, payments }) => [invoices, payments],
  columns: [
    { name: 'invoice_id', kind: 'text', description: "The provider's id", cell: (row: Row) => row.invoiceId },
    { name: 'number', kind: 'text', description: 'For people', cell: (row) => row.number },
    { name: 'tenant_id', kind: 'text', description: 'Who owes it', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Who issued it for us', cell: (row) => row.provider },
    { name: 'customer_id', kind: 'text', description: "The provider's id", cell: (row) => row.customerId },
    { name: 'status', kind: 'text', description: 'open, paid or uncollectible', cell: (row) => row.status },
    { name: 'issued_at', kind: 'time', description: 'When it was issued', cell: (row) => row.issuedAt },
    {
      name: 'due_at',
      kind: 'time',
      description: 'None where it is charged automatically: never past due',
      cell: (row) => row.dueAt,
    },
    {
      name: 'days_past_due',
      kind: 'integer',
      description: 'In days of the zone; 0 while it is not overdue',
      cell: (row) => row.daysPastDue,
    },
    { name: 'total', kind: 'money', description: 'With tax', cell: (row) => moneyOrNull(row.total, row.currency) },
    { name: 'tax', kind: 'money', description: 'In the total', cell: (row) => moneyOrNull(row.tax, row.currency) },
    { name: 'paid', kind: 'money', description: 'Paid on it', cell: (row) => moneyOrNull(row.paid, row.currency) },
    {
      name: 'from_customer_balance',
      kind: 'money',
      description: 'Paid from what the customer had with us; below zero: a debt that the invoice asks for, too',
      cell: (row) => moneyOrNull(row.fromCustomerBalance, row.currency),
    },
    {
      name: 'credited',
      kind: 'money',
      description: 'By credit notes',
      cell: (row) => moneyOrNull(row.credited, row.currency),
    },
    {
      name: 'credited_paid',
      kind: 'money',
      description: 'The part of it that was paid before: given back or kept for the customer, it lowers no balance',
      cell: (row) => moneyOrNull(row.creditedPaid, row.currency),
    },
    {
      name: 'balance',
      kind: 'money',
      description: 'Still owed; below zero: paid too much',
      cell: (row) => moneyOrNull(row.balance, row.currency),
    },
    {
      name: 'settled_elsewhere',
      kind: 'money',
      description: 'Of a paid one: what the provider calls settled, and neither money nor credit that we know covers',
      cell: (row) => moneyOrNull(row.settledElsewhere, row.currency),
    },
    { name: 'dispute', kind: 'flag', description: 'A payment of it is disputed', cell: (row) => row.hasDispute },
  ],
  key: z.tuple([z.number().int(), z.string()]),
  keyOf: ({ daysPastDue, streamKey }): [number, string] => [daysPastDue, streamKey],
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select stream_key as "streamKey", position, invoice_id as "invoiceId", invoice_number as number,
         tenant_id as "tenantId", provider, status, currency, customer_id as "customerId", issued_at as "issuedAt",
         due_at as "dueAt", trim_scale(total)::text as total, trim_scale(tax)::text as tax,
         trim_scale(paid)::text as paid, trim_scale(from_customer_balance)::text as "fromCustomerBalance",
         trim_scale(credited)::text as credited, trim_scale(credited_paid)::text as "creditedPaid",
         trim_scale(balance)::text as balance, trim_scale(settled_elsewhere)::text as "settledElsewhere",
         days_past_due as "daysPastDue", has_dispute as "hasDispute"
       from (${openInvoicesSelect(request.models)}) i
       where $13::integer is null or days_past_due < $13::integer
         or (days_past_due = $13::integer and stream_key > $14::text)
       order by days_past_due desc, stream_key
       limit $15::integer`,
      [...openInvoiceValues(request), ...(after ?? [null, null]), limit],
    );
    return rows;
  },
  async readTotals(tx, request) {
    const { rows } = await tx.query<{ balance: string; settledElsewhere: string; currency: string }>(
      `select trim_scale(sum(balance))::text as balance, trim_scale(sum(settled_elsewhere))::text as "settledElsewhere",
         currency
       from (${openInvoicesSelect(request.models)}) i
       group by currency order by currency`,
      openInvoiceValues(request),
    );
    return {
      balance: rows.map(({ balance: amount, currency }) => ({ amount, currency })),
      settled_elsewhere: rows.map(({ settledElsewhere: amount, currency }) => ({ amount, currency })),
    };
  },
  eventsOf: ({ streamKey, position }) => ({ of: 'stream', streamKey, upTo: position }),
});
