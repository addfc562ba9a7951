import { declineCategory } from '../domain/decline-category.ts';
import { formatDecimal, negateDecimal, parseDecimal } from '../domain/decimal.ts';
import { disputeMoney, outcomeOf } from './dispute-cash.ts';
import { isCounted, unlistedRefunds } from './payment-cash.ts';
import type { PaymentState } from './payment-state.ts';
import { compareByTime } from './payment-summary.ts';

type Rows = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** Refunds that the provider lists, by fact key, and what totals exceed them by, by the position of the total. */
export function refundRows(state: PaymentState): Rows {
  const rows = new Map<string, Readonly<Record<string, unknown>>>();
  for (const [key, refund] of Object.entries(state.refunds)) {
    const { refundId, chargeId, status, reason, amount, currency, occurredAt } = refund;
    rows.set(key, {
      ...paymentColumns(state),
      refund_id: refundId,
      charge_id: chargeId,
      status,
      is_counted: isCounted(refund),
      reason,
      amount,
      currency,
      refunded_at: occurredAt,
    });
  }
  for (const { position, at, amount, currency } of unlistedRefunds(state)) {
    if (parseDecimal(amount).units === 0n) continue;
    rows.set(`unlisted/${position}`, {
      ...paymentColumns(state),
      // Only a total tells it.
      status: 'unlisted',
      is_counted: true,
      amount: formatDecimal(negateDecimal(parseDecimal(amount))),
      currency,
      refunded_at: at,
    });
  }
  return rows;
}

/** Attempts that failed, by fact key, in the order of their time. */
export function failureRows(state: PaymentState): Rows {
  const { failures, payment } = state;
  const inOrder = Object.entries(failures).toSorted(([, a], [, b]) => compareByTime(a, b));
  return new Map(
    inOrder.map(([key, failure], index) => {
      const { failureCode, declineCode, chargeId, customerId, amount, currency, occurredAt } = failure;
      const isRecovered = payment !== undefined && Date.parse(payment.occurredAt) >= Date.parse(occurredAt);
      const row = {
        ...paymentColumns(state),
        charge_id: chargeId,
        customer_id: customerId,
        invoice_ids: state.invoiceIds,
        attempt_no: index + 1,
        failure_code: failureCode,
        decline_code: declineCode,
        category: declineCategory(declineCode, failureCode),
        amount,
        currency,
        failed_at: occurredAt,
        recovered_at: isRecovered ? payment.occurredAt : null,
      };
      return [key, row];
    }),
  );
}

/** Disputes, by fact key. */
export function disputeRows(state: PaymentState): Rows {
  return new Map(
    Object.entries(state.disputes).map(([key, dispute]) => {
      const { disputeId, chargeId, amount, currency, status, reason, evidenceDueAt } = dispute.report;
      const moved = disputeMoney(dispute);
      const outcome = outcomeOf(dispute);
      const row = {
        ...paymentColumns(state),
        dispute_id: disputeId,
        charge_id: chargeId,
        invoice_ids: state.invoiceIds,
        amount,
        currency,
        status,
        outcome,
        reason,
        opened_at: dispute.openedAt,
        evidence_due_at: evidenceDueAt,
        closed_at: outcome === null ? null : dispute.closedAt,
        withdrawn: moved?.withdrawn,
        reinstated: moved?.reinstated,
        fee: moved?.fee,
        money_currency: moved?.currency,
      };
      return [key, row];
    }),
  );
}

function paymentColumns({ paymentId, tenantId, provider, account, mode, books }: PaymentState) {
  return { payment_id: paymentId, tenant_id: tenantId, provider, account, mode, books };
}
