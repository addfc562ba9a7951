import { sampleId } from './sample-id.ts';
import type { StripeStory } from './stripe-story.ts';

const MONTH_SECONDS = 30 * 86_400;

/** The objects of disputes, credit notes, subscriptions and payouts, by the type of their event. */
export const STRIPE_BILLING_OBJECTS: Readonly<Record<string, (story: StripeStory) => object>> = {
  'charge.dispute.created': (story) => dispute(story, 'needs_response'),
  'charge.dispute.updated': (story) => dispute(story, 'under_review'),
  'charge.dispute.funds_withdrawn': (story) => dispute(story, 'needs_response', ['withdrawn']),
  'charge.dispute.funds_reinstated': (story) => dispute(story, 'won', ['withdrawn', 'reinstated']),
  'charge.dispute.closed': (story) => dispute(story, 'lost'),
  'credit_note.created': (story) => creditNote(story, 'issued'),
  'credit_note.voided': (story) => creditNote(story, 'void'),
  'customer.subscription.created': (story) => subscription(story, 'active'),
  'customer.subscription.updated': (story) => subscription(story, 'past_due'),
  'customer.subscription.paused': (story) => subscription(story, 'paused'),
  'customer.subscription.resumed': (story) => subscription(story, 'active'),
  'customer.subscription.deleted': (story) => subscription(story, 'canceled'),
  'payout.paid': (story) => payout(story, 'paid'),
  'payout.failed': (story) => payout(story, 'failed'),
  // From here on: what is kept and not counted.
  'credit_note.updated': (story) => creditNote(story, 'issued'),
  'customer.subscription.pending_update_applied': (story) => subscription(story, 'active'),
  'customer.subscription.pending_update_expired': (story) => subscription(story, 'active'),
  'customer.subscription.trial_will_end': (story) => subscription(story, 'trialing'),
  'payout.canceled': (story) => payout(story, 'canceled'),
  'payout.created': (story) => payout(story, 'pending'),
  'payout.updated': (story) => payout(story, 'in_transit'),
  'payout.reconciliation_completed': (story) => payout(story, 'paid'),
};

type Moved = 'withdrawn' | 'reinstated';

function dispute(story: StripeStory, status: string, moved: readonly Moved[] = []) {
  return {
    id: sampleId('dp', story.chargeId),
    object: 'dispute',
    amount: story.totalMinor,
    balance_transactions: moved.map((what) => disputeTransaction(story, what)),
    charge: story.chargeId,
    created: story.created,
    currency: story.currency,
    evidence_details: { due_by: story.created + 7 * 86_400, has_evidence: false, past_due: false, submission_count: 0 },
    is_charge_refundable: false,
    livemode: story.livemode,
    metadata: {},
    payment_intent: story.paymentIntentId,
    reason: 'product_not_received',
    status,
  };
}

/** The fee is kept also of a dispute that is won. */
function disputeTransaction(story: StripeStory, moved: Moved) {
  const amount = moved === 'withdrawn' ? -story.totalMinor : story.totalMinor;
  const fee = moved === 'withdrawn' ? 1_500 : 0;
  return {
    id: sampleId('txn', `${story.chargeId} ${moved}`),
    object: 'balance_transaction',
    amount,
    available_on: story.created,
    created: story.created,
    currency: story.currency,
    fee,
    fee_details:
      fee === 0 ? [] : [{ amount: fee, currency: story.currency, description: 'Dispute fee', type: 'stripe_fee' }],
    net: amount - fee,
    reporting_category: moved === 'withdrawn' ? 'dispute' : 'dispute_reversal',
    source: sampleId('dp', story.chargeId),
    status: 'available',
    type: 'adjustment',
  };
}

function creditNote(story: StripeStory, status: 'issued' | 'void') {
  const { refundMinor, taxMinor, totalMinor } = story;
  // The part of the tax that belongs to what is credited.
  const tax = Math.round((refundMinor * taxMinor) / totalMinor);
  return {
    id: sampleId('cn', story.invoiceId),
    object: 'credit_note',
    amount: refundMinor,
    created: story.created - 60,
    currency: story.currency,
    customer: story.customerId,
    invoice: story.invoiceId,
    livemode: story.livemode,
    metadata: {},
    number: `${story.invoiceNumber}-CN-01`,
    post_payment_amount: refundMinor,
    pre_payment_amount: 0,
    reason: 'order_change',
    status,
    subtotal: refundMinor - tax,
    total: refundMinor,
    total_excluding_tax: refundMinor - tax,
    total_taxes: tax === 0 ? [] : [{ amount: tax, tax_behavior: 'exclusive', type: 'tax_rate_details' }],
    type: 'post_payment',
    voided_at: status === 'void' ? story.created : null,
  };
}

function subscription(story: StripeStory, status: string) {
  const isOver = status === 'canceled';
  return {
    id: story.subscriptionId,
    object: 'subscription',
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: isOver ? story.created : null,
    collection_method: 'charge_automatically',
    created: story.created - MONTH_SECONDS,
    currency: story.currency,
    customer: story.customerId,
    ended_at: isOver ? story.created : null,
    items: {
      object: 'list',
      data: [
        {
          id: sampleId('si', story.subscriptionId),
          object: 'subscription_item',
          current_period_end: story.created + MONTH_SECONDS,
          current_period_start: story.created,
          price: {
            id: sampleId('price', story.subscriptionId),
            object: 'price',
            currency: story.currency,
            product: sampleId('prod', story.subscriptionId),
            recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
            type: 'recurring',
            unit_amount: story.totalMinor,
            unit_amount_decimal: String(story.totalMinor),
          },
          quantity: 1,
        },
      ],
    },
    latest_invoice: story.invoiceId,
    livemode: story.livemode,
    metadata: {},
    status,
  };
}

function payout(story: StripeStory, status: string) {
  const hasFailed = status === 'failed';
  return {
    id: story.payoutId,
    object: 'payout',
    amount: story.totalMinor,
    arrival_date: story.created + 2 * 86_400,
    automatic: true,
    created: story.created - 86_400,
    currency: story.currency,
    failure_code: hasFailed ? 'account_closed' : null,
    failure_message: hasFailed ? 'The bank account has been closed.' : null,
    livemode: story.livemode,
    metadata: {},
    method: 'standard',
    source_type: 'card',
    status,
    type: 'bank_account',
  };
}
