import type { Cash } from './payment-cash.ts';
import { foldPayment } from './payment-fold.ts';
import { disputeRows, failureRows, refundRows } from './payment-parts.ts';
import { summarisePayment } from './payment-summary.ts';
import type { PaymentState } from './payment-state.ts';
import { createStreamProjection } from './stream-projection.ts';

/**
 * Cash: a row for each event that touches a payment, rows of its refunds, failed attempts and disputes, and lines by
 * settlement time. What is collected is the lines of payments and refunds; those of disputes and fees stand beside it.
 */
export const paymentsProjection = createStreamProjection<PaymentState, Cash>({
  name: 'payments',
  foldVersion: 1,
  streamKind: 'payment',
  types: [
    'PaymentSucceeded',
    'PaymentFailed',
    'RefundReported',
    'RefundTotalReported',
    'DisputeOpened',
    'DisputeUpdated',
    'DisputeClosed',
    'InvoicePaymentLinked',
    'StreamTenantMoved',
  ],
  fold: foldPayment,
  stateTable: 'payments',
  stateRow: paymentRow,
  lines: { table: 'payment_lines', rowOf: paymentLineRow },
  parts: [
    { table: 'refunds', rowsOf: refundRows },
    { table: 'payment_failures', rowsOf: failureRows },
    { table: 'disputes', rowsOf: disputeRows },
  ],
});

function paymentRow(state: PaymentState): Record<string, unknown> {
  const summary = summarisePayment(state);
  return {
    payment_id: state.paymentId,
    tenant_id: state.tenantId,
    provider: state.provider,
    account: state.account,
    mode: state.mode,
    books: state.books,
    status: summary.status,
    amount: summary.amount,
    refunded: summary.refunded,
    disputed: summary.disputed,
    fees: summary.fees,
    net_cash: summary.netCash,
    currency: summary.currency,
    customer_id: summary.customerId,
    invoice_ids: state.invoiceIds,
    settled_at: summary.settledAt,
    failed_attempts: summary.failedAttempts,
    failure_code: summary.failureCode,
    differing_reports: state.differingReports,
  };
}

function paymentLineRow({ bucket, measures }: Cash): Record<string, unknown> {
  return {
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
