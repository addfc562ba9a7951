import { sampleId } from './sample-id.ts';
import { STRIPE_BILLING_OBJECTS } from './stripe-billing-samples.ts';
import { STRIPE_KEPT_OBJECTS } from './stripe-kept-samples.ts';
import type { StripeSample, StripeStory } from './stripe-story.ts';
import { tellStripe } from './stripe-story.ts';
import { STRIPE_THIN_OBJECTS, thinEvent } from './stripe-thin-samples.ts';

const OBJECTS: Readonly<Record<string, (story: StripeStory) => object>> = {
  'invoice.created': (story) => invoice(story, 'draft'),
  'invoice.finalized': (story) => invoice(story, 'open'),
  'invoice.paid': (story) => invoice(story, 'paid'),
  'invoice.payment_succeeded': (story) => invoice(story, 'paid'),
  'invoice.payment_failed': (story) => invoice(story, 'open'),
  'invoice.voided': (story) => invoice(story, 'void'),
  'invoice.marked_uncollectible': (story) => invoice(story, 'uncollectible'),
  'invoice_payment.paid': invoicePayment,
  'payment_intent.succeeded': (story) => paymentIntent(story, 'succeeded'),
  'payment_intent.payment_failed': (story) => paymentIntent(story, 'requires_payment_method'),
  'charge.succeeded': (story) => charge(story, 'succeeded'),
  'charge.captured': (story) => charge(story, 'succeeded'),
  'charge.failed': (story) => charge(story, 'failed'),
  'charge.refunded': refundedCharge,
  'refund.created': (story) => refund(story, 'succeeded'),
  'refund.updated': (story) => refund(story, 'succeeded'),
  'refund.failed': (story) => refund(story, 'failed'),
  'charge.refund.updated': (story) => refund(story, 'succeeded'),
  ...STRIPE_BILLING_OBJECTS,
  // From here on: what is kept and not counted.
  ...each('invoice.', 'deleted finalization_failed', (story) => invoice(story, 'draft')),
  ...each('invoice.', 'overdue payment_action_required payment_attempt_required sent updated will_be_due', (story) =>
    invoice(story, 'open'),
  ),
  'invoice.overpaid': (story) => invoice(story, 'paid'),
  // It is not made yet, and so has no id.
  'invoice.upcoming': (story) => ({ ...invoice(story, 'draft'), id: undefined }),
  'payment_intent.created': (story) => openPaymentIntent(story, 'requires_payment_method'),
  'payment_intent.requires_action': (story) => openPaymentIntent(story, 'requires_action'),
  'payment_intent.partially_funded': (story) => openPaymentIntent(story, 'requires_action'),
  'payment_intent.processing': (story) => openPaymentIntent(story, 'processing'),
  'payment_intent.canceled': (story) => openPaymentIntent(story, 'canceled'),
  'payment_intent.amount_capturable_updated': (story) => ({
    ...openPaymentIntent(story, 'requires_capture'),
    amount_capturable: story.totalMinor,
  }),
  'charge.pending': (story) => charge(story, 'pending'),
  'charge.updated': (story) => charge(story, 'succeeded'),
  'charge.expired': (story) => ({ ...charge(story, 'pending'), amount_refunded: story.totalMinor, refunded: true }),
  ...STRIPE_KEPT_OBJECTS,
};

export const stripeSampleTypes: readonly string[] = [...Object.keys(OBJECTS), ...Object.keys(STRIPE_THIN_OBJECTS)];

/** The same object for several types. */
function each(beginning: string, ends: string, object: (story: StripeStory) => object): typeof OBJECTS {
  return Object.fromEntries(ends.split(' ').map((end) => [`${beginning}${end}`, object]));
}

/** One event of the type; undefined when there is no sample of it. */
export function stripeSample(type: string, sample: StripeSample = {}): object | undefined {
  const story = tellStripe(type, sample);
  if (Object.hasOwn(STRIPE_THIN_OBJECTS, type)) return thinEvent(story);
  const object = Object.hasOwn(OBJECTS, type) ? OBJECTS[type]?.(story) : undefined;
  if (object === undefined) return undefined;
  return {
    id: story.eventId,
    object: 'event',
    ...(story.connectedAccount === undefined ? {} : { account: story.connectedAccount }),
    api_version: '2026-10-28.endive',
    created: story.created,
    data: { object: { ...object, ...story.object } },
    livemode: story.livemode,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}

function invoice(story: StripeStory, status: 'draft' | 'open' | 'paid' | 'void' | 'uncollectible') {
  const { created, totalMinor, taxMinor } = story;
  const paidMinor = status === 'paid' ? totalMinor : 0;
  const net = totalMinor - taxMinor;
  return {
    id: story.invoiceId,
    object: 'invoice',
    amount_due: totalMinor,
    amount_paid: paidMinor,
    amount_remaining: totalMinor - paidMinor,
    billing_reason: 'subscription_cycle',
    collection_method: 'charge_automatically',
    created: created - 3600,
    currency: story.currency,
    customer: story.customerId,
    due_date: null,
    livemode: story.livemode,
    metadata: {},
    number: status === 'draft' ? null : story.invoiceNumber,
    period_end: created - 3600,
    period_start: created - 3600 - 30 * 86_400,
    status,
    status_transitions: {
      finalized_at: status === 'draft' ? null : created - 60,
      marked_uncollectible_at: status === 'uncollectible' ? created : null,
      paid_at: status === 'paid' ? created : null,
      voided_at: status === 'void' ? created : null,
    },
    subtotal: net,
    subtotal_excluding_tax: net,
    total: totalMinor,
    total_excluding_tax: net,
    total_taxes:
      taxMinor === 0
        ? []
        : [{ amount: taxMinor, tax_behavior: 'exclusive', taxable_amount: net, type: 'tax_rate_details' }],
  };
}

function invoicePayment(story: StripeStory) {
  return {
    id: sampleId('inpay', story.invoiceId, story.paymentIntentId),
    object: 'invoice_payment',
    amount_paid: story.totalMinor,
    amount_requested: story.totalMinor,
    created: story.created - 60,
    currency: story.currency,
    invoice: story.invoiceId,
    is_default: true,
    livemode: story.livemode,
    payment: { type: 'payment_intent', payment_intent: story.paymentIntentId },
    status: 'paid',
    status_transitions: { canceled_at: null, paid_at: story.created },
  };
}

function paymentIntent(story: StripeStory, status: string) {
  const succeeded = status === 'succeeded';
  return {
    id: story.paymentIntentId,
    object: 'payment_intent',
    amount: story.totalMinor,
    amount_capturable: 0,
    amount_received: succeeded ? story.totalMinor : 0,
    capture_method: 'automatic',
    created: story.created - 5,
    currency: story.currency,
    customer: story.customerId,
    last_payment_error: succeeded
      ? null
      : { charge: story.chargeId, code: 'card_declined', decline_code: 'insufficient_funds', type: 'card_error' },
    latest_charge: story.chargeId,
    livemode: story.livemode,
    metadata: {},
    payment_method_types: ['card'],
    status,
  };
}

/** One that nothing has come of so far. */
function openPaymentIntent(story: StripeStory, status: string) {
  return { ...paymentIntent(story, status), last_payment_error: null, latest_charge: null };
}

function charge(story: StripeStory, status: 'succeeded' | 'failed' | 'pending') {
  const succeeded = status === 'succeeded';
  const hasFailed = status === 'failed';
  return {
    id: story.chargeId,
    object: 'charge',
    amount: story.totalMinor,
    amount_captured: succeeded ? story.totalMinor : 0,
    amount_refunded: 0,
    captured: succeeded,
    created: story.created - 3,
    currency: story.currency,
    customer: story.customerId,
    failure_code: hasFailed ? 'card_declined' : null,
    livemode: story.livemode,
    metadata: {},
    outcome: hasFailed
      ? { network_status: 'declined_by_network', reason: 'insufficient_funds', type: 'issuer_declined' }
      : { network_status: 'approved_by_network', reason: null, type: 'authorized' },
    paid: succeeded,
    payment_intent: story.paymentIntentId,
    payment_method_details: { card: { brand: 'visa', last4: '4242' }, type: 'card' },
    refunded: false,
    status,
  };
}

function refundedCharge(story: StripeStory) {
  return {
    ...charge(story, 'succeeded'),
    amount_refunded: story.refundMinor,
    created: story.created - 86_400,
    refunded: story.refundMinor === story.totalMinor,
  };
}

function refund(story: StripeStory, status: 'succeeded' | 'failed') {
  return {
    id: story.refundId,
    object: 'refund',
    amount: story.refundMinor,
    charge: story.chargeId,
    created: story.created,
    currency: story.currency,
    metadata: {},
    payment_intent: story.paymentIntentId,
    reason: 'requested_by_customer',
    status,
  };
}
