import { z } from 'zod';
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

const STATUSES = ['issued', 'void'] as const;

const parameters = {
  ...partParameters,
  status: listOf(z.enum(STATUSES, `is one of ${STATUSES.join(', ')}`)).optional(),
  reason: listOf(text).optional(),
};
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

type Row = Part &
  Readonly<{
    creditNoteId: string;
    number: string | null;
    invoiceId: string;
    invoiceNumber: string | null;
    tenantId: string;
    provider: string;
    customerId: string | null;
    status: string;
    reason: string | null;
    net: string;
    tax: string;
    total: string;
    alreadyPaid: string;
    currency: string;
    issuedAt: Date;
    voidedAt: Date | null;
  }>;

/** What invoices bill less. */
export const creditNotesReport = defineReport({
  name: 'credit-notes',
  summary: 'Credit notes, with the invoice that each corrects and why',
  parameters,
  range: 'all',
  models: ({ invoices }) => [invoices],
  columns: [
    { name: 'credit_note_id', kind: 'text', description: "The provider's id", cell: (row: Row) => row.creditNoteId },
    { name: 'number', kind: 'text', description: 'For people', cell: (row) => row.number },
    { name: 'invoice_id', kind: 'text', description: 'What it corrects', cell: (row) => row.invoiceId },
    { name: 'invoice_number', kind: 'text', description: 'For people', cell: (row) => row.invoiceNumber },
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Of which provider', cell: (row) => row.provider },
    { name: 'customer_id', kind: 'text', description: "The provider's id", cell: (row) => row.customerId },
    { name: 'status', kind: 'text', description: 'A void one corrects nothing', cell: (row) => row.status },
    { name: 'reason', kind: 'text', description: 'As the provider tells it', cell: (row) => row.reason },
    { name: 'net', kind: 'money', description: 'Billed less', cell: (row) => moneyOrNull(row.net, row.currency) },
    { name: 'tax', kind: 'money', description: 'Less tax', cell: (row) => moneyOrNull(row.tax, row.currency) },
    { name: 'total', kind: 'money', description: 'With tax', cell: (row) => moneyOrNull(row.total, row.currency) },
    {
      name: 'already_paid',
      kind: 'money',
      description: 'The part of it that was paid before: given back or kept for the customer, it lowers no balance',
      cell: (row) => moneyOrNull(row.alreadyPaid, row.currency),
    },
    { name: 'issued_at', kind: 'time', description: 'When it was issued', cell: (row) => row.issuedAt },
    { name: 'voided_at', kind: 'time', description: 'When it was voided', cell: (row) => row.voidedAt },
  ],
  key: partKey,
  keyOf: (row) => partKeyOf(row),
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select position, part_key as "partKey", stream_key as "streamKey", credit_note_id as "creditNoteId",
         credit_note_number as number, invoice_id as "invoiceId", invoice_number as "invoiceNumber",
         tenant_id as "tenantId", provider, customer_id as "customerId", status, reason, trim_scale(net)::text as net,
         trim_scale(tax)::text as tax, trim_scale(total)::text as total, trim_scale(already_paid)::text as "alreadyPaid",
         currency, issued_at as "issuedAt", voided_at as "voidedAt"
       from (${creditNotes(request)}) c
       ${partPage(10)}`,
      [...valuesOf(request), ...(after ?? [null, null]), limit],
    );
    return rows;
  },
  async readTotals(tx: Tx, request) {
    const sum = (amount: string): string => sumByCurrency(amount, 'currency', `status = 'issued'`);
    const { rows } = await tx.query<{ credit_notes: string; net: Sums; tax: Sums; total: Sums }>(
      `with part as (${creditNotes(request)})
       select (select count(*) from part)::text as credit_notes, ${sum('net')} as net, ${sum('tax')} as tax,
         ${sum('total')} as total`,
      valuesOf(request),
    );
    return rows[0] ?? { credit_notes: '0', net: [], tax: [], total: [] };
  },
  eventsOf: (row) => partEventsOf(row),
});

function creditNotes({ models }: Request): string {
  return `
    select * from (${partSelect(tableOf('credit_notes', models.invoices), 'issued_at')}) credit_note
    where ($8::text[] is null or status = any ($8::text[])) and ($9::text[] is null or reason = any ($9::text[]))`;
}

function valuesOf(request: Request): unknown[] {
  const { status, reason } = request.params;
  return [...partValues(request), status ?? null, reason ?? null];
}
