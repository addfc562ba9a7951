import { describe, expect, test } from '@jest/globals';
import type { StripeSample } from '../../../src/dev/samples/stripe-story.ts';
import { stripeSample } from '../../../src/dev/samples/stripe-samples.ts';
import { eventOf, normaliseStripe } from './normalise.ts';

const AT = new Date('2026-11-24T09:30:00.000Z');
const IDS = { paymentIntentId: 'pi_1', chargeId: 'ch_1', invoiceId: 'in_1', customerId: 'cus_1' };
const sample = (type: string, changes: StripeSample = {}) => stripeSample(type, { at: AT, ...IDS, ...changes }) ?? {};
const stream = (kind: string, externalId: string) => ({
  kind,
  provider: 'stripe',
  account: 'acct_1',
  mode: 'test',
  externalId,
});

describe('a dispute', () => {
  test.each([
    ['charge.dispute.created', 'DisputeOpened', 'needs_response', undefined],
    ['charge.dispute.updated', 'DisputeUpdated', 'under_review', undefined],
    ['charge.dispute.funds_withdrawn', 'DisputeUpdated', 'needs_response', 'withdrawn'],
    ['charge.dispute.funds_reinstated', 'DisputeUpdated', 'won', 'reinstated'],
    ['charge.dispute.closed', 'DisputeClosed', 'lost', undefined],
  ] as const)('%s is told in the stream of its payment, and moves no figure', (type, expected, status, funds) => {
    const event = eventOf(normaliseStripe(sample(type, { totalMinor: 2500, currency: 'eur' })), expected);
    expect(event).toMatchObject({
      stream: stream('payment', 'pi_1'),
      occurredAt: AT.toISOString(),
      data: { chargeId: 'ch_1', amount: '25', currency: 'EUR', status, reason: 'product_not_received' },
    });
    expect(event.data.evidenceDueAt).toBe('2026-12-01T09:30:00.000Z');
    expect(event.data.funds).toBe(funds);
    expect(event.fact).toBeUndefined();
  });

  test('of a charge without a payment intent is in the stream of the charge', () => {
    const normalised = normaliseStripe(sample('charge.dispute.created', { object: { payment_intent: null } }));
    expect(eventOf(normalised, 'DisputeOpened').stream).toEqual(stream('payment', 'ch_1'));
  });

  test('of nothing is odd', () => {
    const object = { payment_intent: null, charge: null };
    const normalised = normaliseStripe(sample('charge.dispute.created', { object }));
    expect(normalised).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
    expect(normalised.detail).toContain('neither a payment intent nor a charge');
  });
});

describe('a credit note', () => {
  test.each([
    ['credit_note.created', 'CreditNoteIssued', 'issued', '2026-11-24T09:29:00.000Z'],
    ['credit_note.voided', 'CreditNoteVoided', 'void', '2026-11-24T09:30:00.000Z'],
  ] as const)('%s is told in the stream of its invoice, and moves no figure', (type, expected, status, occurredAt) => {
    const changes = { totalMinor: 11_900, taxMinor: 1_900, refundMinor: 1_190 };
    const event = eventOf(normaliseStripe(sample(type, changes)), expected);
    expect(event).toMatchObject({
      stream: stream('invoice', 'in_1'),
      occurredAt,
      data: { invoiceId: 'in_1', customerId: 'cus_1', status, net: '10', tax: '1.9', total: '11.9', currency: 'USD' },
    });
    expect(event.fact).toBeUndefined();
  });

  test('of an older API version names its taxes one by one', () => {
    const object = { total_excluding_tax: undefined, total_taxes: undefined, tax_amounts: [{ amount: 19 }] };
    const event = eventOf(
      normaliseStripe(sample('credit_note.created', { refundMinor: 119, object })),
      'CreditNoteIssued',
    );
    expect(event.data).toMatchObject({ net: '1', tax: '0.19', total: '1.19' });
  });
});

describe('a subscription', () => {
  test.each([
    ['created', 'active'],
    ['updated', 'past_due'],
    ['paused', 'paused'],
    ['resumed', 'active'],
    ['deleted', 'canceled'],
  ])('that is %s is a change of its own stream', (change, status) => {
    const normalised = normaliseStripe(sample(`customer.subscription.${change}`, { totalMinor: 4900 }));
    const event = eventOf(normalised, 'SubscriptionChanged');
    expect(event.stream.kind).toBe('subscription');
    expect(normalised.accountIds).toEqual(['cus_1']);
    expect(event.data).toMatchObject({
      change,
      status,
      customerId: 'cus_1',
      currency: 'USD',
      items: [{ quantity: '1', unitAmount: '49', interval: 'month' }],
      periodStart: '2026-11-24T09:30:00.000Z',
      periodEnd: '2026-12-24T09:30:00.000Z',
    });
    expect(event.data.endedAt).toBe(change === 'deleted' ? AT.toISOString() : undefined);
  });

  test('of an older API version has a plan, and one period for all items', () => {
    const object = {
      items: { data: [{ plan: { id: 'plan_1', product: 'prod_1', currency: 'jpy', amount: 500, interval: 'year' } }] },
      currency: undefined,
      current_period_start: 1_700_000_000,
    };
    const event = eventOf(normaliseStripe(sample('customer.subscription.updated', { object })), 'SubscriptionChanged');
    expect(event.data).toMatchObject({
      items: [{ priceId: 'plan_1', productId: 'prod_1', unitAmount: '500', interval: 'year' }],
      periodStart: '2023-11-14T22:13:20.000Z',
    });
  });
});

describe('a payout', () => {
  test.each([
    ['payout.paid', 'PayoutPaid', undefined],
    ['payout.failed', 'PayoutFailed', 'account_closed'],
  ] as const)('%s is told in its own stream, and is no payment', (type, expected, failureCode) => {
    const event = eventOf(normaliseStripe(sample(type, { totalMinor: 90_050 })), expected);
    expect(event.stream.kind).toBe('payout');
    expect(event.data).toMatchObject({ amount: '900.5', currency: 'USD', method: 'standard', automatic: true });
    expect(event.data.arrivesAt).toBe('2026-11-26T09:30:00.000Z');
    expect(event.data.failureCode).toBe(failureCode);
    expect(event.fact).toBeUndefined();
  });

  test('may be negative: a balance below zero is taken from the bank', () => {
    const event = eventOf(normaliseStripe(sample('payout.paid', { totalMinor: -100 })), 'PayoutPaid');
    expect(event.data.amount).toBe('-1');
  });
});

test('a balance that becomes available is kept', () => {
  const body = { ...sample('payout.paid'), type: 'balance.available', data: { object: { object: 'balance' } } };
  expect(normaliseStripe(body)).toMatchObject({ status: 'accepted', events: [{ data: { reason: 'kept' } }] });
});
