/** Bodies of our own in the shapes of Stripe's API 2020-08-27: what later versions leave out or have moved. */

export function oldStripeEvent(type: string, object: object, changes: object = {}): object {
  return {
    id: `evt_old_${type.replaceAll('.', '_')}`,
    object: 'event',
    api_version: '2020-08-27',
    created: 1_600_000_100,
    data: { object },
    livemode: false,
    pending_webhooks: 2,
    request: { id: null, idempotency_key: null },
    type,
    ...changes,
  };
}

export function oldCharge(changes: object = {}): object {
  return {
    id: 'ch_old',
    object: 'charge',
    amount: 2_000,
    amount_captured: 2_000,
    amount_refunded: 0,
    captured: true,
    created: 1_600_000_000,
    currency: 'usd',
    customer: 'cus_old',
    invoice: 'in_old',
    payment_intent: 'pi_old',
    payment_method_details: { type: 'card' },
    refunds: { object: 'list', data: [], has_more: false },
    status: 'succeeded',
    ...changes,
  };
}

export function oldPaymentIntent(changes: object = {}): object {
  return {
    id: 'pi_old',
    object: 'payment_intent',
    amount: 2_000,
    amount_received: 2_000,
    charges: { object: 'list', data: [oldCharge()], has_more: false },
    created: 1_600_000_000,
    currency: 'usd',
    customer: 'cus_old',
    invoice: 'in_old',
    last_payment_error: null,
    status: 'succeeded',
    ...changes,
  };
}

export function oldRefund(changes: object = {}): object {
  return {
    id: 're_old',
    object: 'refund',
    amount: 500,
    charge: 'ch_old',
    created: 1_600_000_050,
    currency: 'usd',
    payment_intent: 'pi_old',
    reason: null,
    status: 'succeeded',
    ...changes,
  };
}

export function oldInvoice(changes: object = {}): object {
  return {
    id: 'in_old',
    object: 'invoice',
    amount_paid: 1_190,
    charge: 'ch_old',
    created: 1_600_000_000,
    currency: 'eur',
    customer: 'cus_old',
    due_date: null,
    number: 'OLD-0001',
    payment_intent: 'pi_old',
    period_end: 1_600_000_000,
    period_start: 1_597_000_000,
    status: 'paid',
    status_transitions: {
      finalized_at: 1_600_000_010,
      marked_uncollectible_at: null,
      paid_at: 1_600_000_090,
      voided_at: null,
    },
    subtotal: 1_000,
    tax: 190,
    total: 1_190,
    total_tax_amounts: [{ amount: 190, inclusive: false }],
    ...changes,
  };
}
