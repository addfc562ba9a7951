import type { Tx } from '../platform/postgres.ts';
import { foldStreams } from './fold-streams.ts';
import type { StreamRows } from './fold-streams.ts';
import type { Billed, InvoiceState } from './invoice-fold.ts';
import { foldInvoice, issuedAtOf } from './invoice-fold.ts';
import type { Projection } from './projection.ts';

/** What was billed: a row for each event that touches an invoice, and lines, net and tax apart, by time of issue. */
export const invoicesProjection: Projection = {
  name: 'invoices',
  version: 1,
  types: [
    'InvoiceDrafted',
    'InvoiceFinalized',
    'InvoicePaid',
    'InvoicePaymentFailed',
    'InvoiceVoided',
    'InvoiceMarkedUncollectible',
    'StreamTenantMoved',
  ],
  async fold(tx, events) {
    const streamKeys = events.filter(({ streamKind }) => streamKind === 'invoice').map(({ streamKey }) => streamKey);
    if (streamKeys.length === 0) return;
    const { rows, lines } = foldStreams(await loadInvoices(tx, streamKeys), events, foldInvoice);
    await writeInvoices(tx, rows);
    await writeInvoiceLines(tx, lines);
  },
};

async function loadInvoices(tx: Tx, streamKeys: readonly string[]): Promise<ReadonlyMap<string, InvoiceState>> {
  const { rows } = await tx.query<{ stream_key: string; state: InvoiceState }>(
    `select distinct on (stream_key) stream_key, state
     from hookledger.invoices_v1
     where stream_key = any ($1::text[])
     order by stream_key, position desc`,
    [[...new Set(streamKeys)]],
  );
  return new Map(rows.map((row) => [row.stream_key, row.state]));
}

type Rows = StreamRows<InvoiceState, Billed>;

async function writeInvoices(tx: Tx, rows: Rows['rows']): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into hookledger.invoices_v1
     select * from json_populate_recordset(null::hookledger.invoices_v1, $1::json)`,
    [JSON.stringify(rows.map(invoiceRow))],
  );
}

async function writeInvoiceLines(tx: Tx, lines: Rows['lines']): Promise<void> {
  if (lines.length === 0) return;
  await tx.query(
    `insert into hookledger.invoice_lines_v1
     select * from json_populate_recordset(null::hookledger.invoice_lines_v1, $1::json)`,
    [JSON.stringify(lines.map(invoiceLineRow))],
  );
}

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
