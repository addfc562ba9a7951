import type { StreamRows } from './fold-streams.ts';
import type { Cash } from './payment-cash.ts';
import { foldPayment } from './payment-fold.ts';
import { summarisePayment } from './payment-summary.ts';
import type { PaymentState } from './payment-state.ts';
import { createStreamProjection } from './stream-projection.ts';

/** What was collected and given back: a row for each event that touches a payment, and lines by settlement time. */
export const paymentsProjection = createStreamProjection<PaymentState, Cash>({
  name: 'payments',
  version: 1,
  streamKind: 'payment',
  types: [
    'PaymentSucceeded',
    'PaymentFailed',
    'RefundReported',
    'RefundTotalReported',
    'InvoicePaymentLinked',
    'StreamTenantMoved',
  ],
  fold: foldPayment,
  stateTable: 'payments_v1',
  lineTable: 'payment_lines_v1',
  stateRow: paymentRow,
  lineRow: paymentLineRow,
});

type Rows = StreamRows<PaymentState, Cash>;

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
