import type { Tx } from '../platform/postgres.ts';
import { foldStreams } from './fold-streams.ts';
import type { StreamRows } from './fold-streams.ts';
import type { Cash } from './payment-cash.ts';
import { foldPayment } from './payment-fold.ts';
import { summarisePayment } from './payment-summary.ts';
import type { PaymentState } from './payment-state.ts';
import type { Projection } from './projection.ts';

/** What was collected and given back: a row for each event that touches a payment, and lines by settlement time. */
export const paymentsProjection: Projection = {
  name: 'payments',
  version: 1,
  types: [
    'PaymentSucceeded',
    'PaymentFailed',
    'RefundReported',
    'RefundTotalReported',
    'InvoicePaymentLinked',
    'StreamTenantMoved',
  ],
  async fold(tx, events) {
    const streamKeys = events.filter(({ streamKind }) => streamKind === 'payment').map(({ streamKey }) => streamKey);
    if (streamKeys.length === 0) return;
    const { rows, lines } = foldStreams(await loadPayments(tx, streamKeys), events, foldPayment);
    await writePayments(tx, rows);
    await writePaymentLines(tx, lines);
  },
};

async function loadPayments(tx: Tx, streamKeys: readonly string[]): Promise<ReadonlyMap<string, PaymentState>> {
  const { rows } = await tx.query<{ stream_key: string; state: PaymentState }>(
    `select distinct on (stream_key) stream_key, state
     from hookledger.payments_v1
     where stream_key = any ($1::text[])
     order by stream_key, position desc`,
    [[...new Set(streamKeys)]],
  );
  return new Map(rows.map((row) => [row.stream_key, row.state]));
}

type Rows = StreamRows<PaymentState, Cash>;

async function writePayments(tx: Tx, rows: Rows['rows']): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into hookledger.payments_v1
     select * from json_populate_recordset(null::hookledger.payments_v1, $1::json)`,
    [JSON.stringify(rows.map(paymentRow))],
  );
}

async function writePaymentLines(tx: Tx, lines: Rows['lines']): Promise<void> {
  if (lines.length === 0) return;
  await tx.query(
    `insert into hookledger.payment_lines_v1
     select * from json_populate_recordset(null::hookledger.payment_lines_v1, $1::json)`,
    [JSON.stringify(lines.map(paymentLineRow))],
  );
}

function paymentRow({ event, state }: Rows['rows'][number]): Record<string, unknown> {
  const summary = summarisePayment(state);
  return {
    stream_key: event.streamKey,
    position: String(event.position),
    event_id: event.eventId,
    payment_id: state.paymentId,
    tenant_id: state.tenantId,
    provider: state.provider,
    account: state.account,
    mode: state.mode,
    books: state.books,
    status: summary.status,
    amount: summary.amount,
    refunded: summary.refunded,
    currency: summary.currency,
    customer_id: summary.customerId,
    invoice_ids: state.invoiceIds,
    settled_at: summary.settledAt,
    failed_attempts: summary.failedAttempts,
    failure_code: summary.failureCode,
    differing_reports: state.differingReports,
    state,
  };
}

function paymentLineRow({ event, lineNo, line }: Rows['lines'][number]): Record<string, unknown> {
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
    kind: bucket.kind,
    settled_at: bucket.settledAt,
    amount: measures.amount,
    currency: bucket.currency,
  };
}
