import type { StreamRows } from './fold-streams.ts';
import type { Billed, InvoiceState } from './invoice-fold.ts';
import { foldInvoice, issuedAtOf } from './invoice-fold.ts';
import { createStreamProjection } from './stream-projection.ts';

/** What was billed: a row for each event that touches an invoice, and lines, net and tax apart, by time of issue. */
export const invoicesProjection = createStreamProjection<InvoiceState, Billed>({
  name: 'invoices',
  version: 1,
  streamKind: 'invoice',
  types: [
    'InvoiceDrafted',
    'InvoiceFinalized',
    'InvoicePaid',
    'InvoicePaymentFailed',
    'InvoiceVoided',
    'InvoiceMarkedUncollectible',
    'StreamTenantMoved',
  ],
  fold: foldInvoice,
  stateTable: 'invoices_v1',
  lineTable: 'invoice_lines_v1',
  stateRow: invoiceRow,
  lineRow: invoiceLineRow,
});

type Rows = StreamRows<InvoiceState, Billed>;

function invoiceRow({ event, state }: Rows['rows'][number]): Record<string, unknown> {
  const { invoice } = state.report;
  return {
    stream_key: event.streamKey,
    position: String(event.position),
    event_id: event.eventId,
    invoice_id: state.invoiceId,
    invoice_number: invoice.number,
    tenant_id: state.tenantId,
    provider: state.provider,
    account: state.account,
    mode: state.mode,
    books: state.books,
    status: invoice.status,
    net: invoice.net,
    tax: invoice.tax,
    total: invoice.total,
    paid: invoice.paid,
    currency: invoice.currency,
    customer_id: invoice.customerId,
    issued_at: issuedAtOf(state),
    due_at: invoice.dueAt,
    state,
  };
}

function invoiceLineRow({ event, lineNo, line }: Rows['lines'][number]): Record<string, unknown> {
  const { bucket, measures } = line;
  return {
    position: String(event.position),
    line_no: lineNo,
    stream_key: event.streamKey,
    event_id: event.eventId,
    tenant_id: bucket.tenantId,
    provider: bucket.provider,
    mode: bucket.mode,
    books: bucket.books,
    issued_at: bucket.issuedAt,
    net: measures.net,
    tax: measures.tax,
    currency: bucket.currency,
  };
}
