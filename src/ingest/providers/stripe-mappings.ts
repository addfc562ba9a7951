import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import { creditNoteReported } from './stripe-credit-notes.ts';
import { disputeReported } from './stripe-disputes.ts';
import type { StripeEvent } from './stripe-event.ts';
import { invoiceDrafted, invoiceIssued } from './stripe-invoices.ts';
import {
  chargeFailed,
  chargeSucceeded,
  invoicePaymentPaid,
  paymentIntentFailed,
  paymentIntentSucceeded,
} from './stripe-payments.ts';
import { payoutReported } from './stripe-payouts.ts';
import { chargeRefunded, refundReported } from './stripe-refunds.ts';
import * as shapes from './stripe-shapes.ts';
import { subscriptionChanged } from './stripe-subscriptions.ts';

/** Every type that becomes domain events of its own; `STRIPE_KEPT_TYPES` holds the rest of what Stripe sends. */
export const STRIPE_MAPPINGS: ReadonlyMap<string, Mapping<StripeEvent>> = new Map([
  ['invoice.created', mapping(shapes.invoice, invoiceDrafted)],
  ['invoice.finalized', mapping(shapes.invoice, invoiceIssued('InvoiceFinalized'))],
  ['invoice.payment_failed', mapping(shapes.invoice, invoiceIssued('InvoicePaymentFailed'))],
  // Stripe sends both for one payment; they report one fact, which counts once.
  ['invoice.paid', mapping(shapes.invoice, invoiceIssued('InvoicePaid'))],
  ['invoice.payment_succeeded', mapping(shapes.invoice, invoiceIssued('InvoicePaid'))],
  ['invoice.marked_uncollectible', mapping(shapes.invoice, invoiceIssued('InvoiceMarkedUncollectible'))],
  ['invoice.voided', mapping(shapes.invoice, invoiceIssued('InvoiceVoided'))],
  ['invoice_payment.paid', mapping(shapes.invoicePayment, invoicePaymentPaid)],
  ['payment_intent.succeeded', mapping(shapes.succeededPaymentIntent, paymentIntentSucceeded)],
  ['charge.succeeded', mapping(shapes.succeededCharge, chargeSucceeded)],
  ['charge.captured', mapping(shapes.succeededCharge, chargeSucceeded)],
  ['payment_intent.payment_failed', mapping(shapes.failedPaymentIntent, paymentIntentFailed)],
  ['charge.failed', mapping(shapes.failedCharge, chargeFailed)],
  ['charge.refunded', mapping(shapes.refundedCharge, chargeRefunded)],
  ['refund.created', mapping(shapes.refund, refundReported('created'))],
  ['refund.updated', mapping(shapes.refund, refundReported('updated'))],
  ['charge.refund.updated', mapping(shapes.refund, refundReported('updated'))],
  ['refund.failed', mapping(shapes.refund, refundReported('failed'))],
  ['charge.dispute.created', disputeReported('DisputeOpened')],
  ['charge.dispute.updated', disputeReported('DisputeUpdated')],
  ['charge.dispute.funds_withdrawn', disputeReported('DisputeUpdated', 'withdrawn')],
  ['charge.dispute.funds_reinstated', disputeReported('DisputeUpdated', 'reinstated')],
  ['charge.dispute.closed', disputeReported('DisputeClosed')],
  ['credit_note.created', creditNoteReported('CreditNoteIssued')],
  ['credit_note.voided', creditNoteReported('CreditNoteVoided')],
  ['customer.subscription.created', subscriptionChanged('created')],
  ['customer.subscription.updated', subscriptionChanged('updated')],
  ['customer.subscription.paused', subscriptionChanged('paused')],
  ['customer.subscription.resumed', subscriptionChanged('resumed')],
  ['customer.subscription.deleted', subscriptionChanged('deleted')],
  ['payout.paid', payoutReported('PayoutPaid')],
  ['payout.failed', payoutReported('PayoutFailed')],
]);
