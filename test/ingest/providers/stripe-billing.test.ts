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
  ] as const)('%s is told in the stream of its payment, as one fact', (type, expected, status, funds) => {
    const event = eventOf(normaliseStripe(sample(type, { totalMinor: 2500, currency: 'eur' })), expected);
    expect(event).toMatchObject({
      stream: stream('payment', 'pi_1'),
      occurredAt: AT.toISOString(),
      data: { chargeId: 'ch_1', amount: '25', currency: 'EUR', status, reason: 'product_not_received' },
    });
    expect(event.data.evidenceDueAt).toBe('2026-12-01T09:30:00.000Z');
    expect(event.data.funds).toBe(funds);
    expect(event.data.openedAt).toBe(AT.toISOString());
    expect(event.fact).toMatchObject({
      key: expect.stringMatching(/^payment\/stripe\/acct_1\/test\/pi_1#dispute\/dp_/),
      kind: 'dispute',
      providerTime: AT.toISOString(),
      amount: '25',
      currency: 'EUR',
    });
  });

  test('is known the better the later its status comes in its life, whichever event tells it', () => {
    const rankOf = (type: string, status: string) => {
      const normalised = normaliseStripe(sample(type, { object: { status } }));
      return normalised.events[0]?.fact?.rank ?? 0;
    };
    const opened = rankOf('charge.dispute.created', 'needs_response');
    const updated = rankOf('charge.dispute.updated', 'under_review');
    const closed = rankOf('charge.dispute.closed', 'lost');
    expect(opened).toBeLessThan(updated);
    expect(updated).toBeLessThan(closed);
    expect(rankOf('charge.dispute.updated', 'appeal_under_review')).toBe(closed);
    expect(rankOf('charge.dispute.funds_reinstated', 'won')).toBe(closed);
  });

  test('tells what it moved on the balance, and what was kept for it', () => {
    const told = (type: string, changes: StripeSample = {}) =>
      eventOf(normaliseStripe(sample(type, { totalMinor: 2500, currency: 'jpy', ...changes })), 'DisputeUpdated').data;
    expect(told('charge.dispute.funds_reinstated').transactions).toEqual([
      {
        transactionId: expect.stringMatching(/^txn_/),
        amount: '-2500',
        fee: '1500',
        currency: 'JPY',
        at: AT.toISOString(),
      },
      {
        transactionId: expect.stringMatching(/^txn_/),
        amount: '2500',
        fee: '0',
        currency: 'JPY',
        at: AT.toISOString(),
      },
    ]);
    expect(told('charge.dispute.updated').transactions).toBeUndefined();
    const transaction = { id: 'txn_1', amount: -1000, fee: -500, currency: 'eur', created: 1_700_000_000, net: -500 };
    expect(told('charge.dispute.updated', { object: { balance_transactions: [transaction] } }).transactions).toEqual([
      { transactionId: 'txn_1', amount: '-10', fee: '-5', currency: 'EUR', at: '2023-11-14T22:13:20.000Z' },
    ]);
    // Ids alone say nothing, and the event says what became of the money all the same.
    expect(told('charge.dispute.funds_withdrawn', { object: { balance_transactions: ['txn_1'] } })).toMatchObject({
      funds: 'withdrawn',
      amount: '2500',
    });
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
  ] as const)('%s is told in the stream of its invoice, as one fact', (type, expected, status, occurredAt) => {
    const changes = { totalMinor: 11_900, taxMinor: 1_900, refundMinor: 1_190 };
    const event = eventOf(normaliseStripe(sample(type, changes)), expected);
    expect(event).toMatchObject({
      stream: stream('invoice', 'in_1'),
      occurredAt,
      data: { invoiceId: 'in_1', customerId: 'cus_1', status, net: '10', tax: '1.9', total: '11.9', currency: 'USD' },
    });
    expect(event.data.issuedAt).toBe('2026-11-24T09:29:00.000Z');
    expect(event.fact).toMatchObject({
      key: expect.stringMatching(/^invoice\/stripe\/acct_1\/test\/in_1#credit\/cn_/),
      kind: 'credit',
      rank: status === 'void' ? 20 : 10,
      amount: status === 'void' ? '0' : '10',
      currency: 'USD',
    });
  });

  test.each([
    ['post_payment', { type: 'mixed', post_payment_amount: 40 }, '0.4'],
    ['its type, in older API versions', { type: 'post_payment', post_payment_amount: undefined }, '1.19'],
    ['nothing of it', { type: 'pre_payment', post_payment_amount: undefined }, undefined],
  ])('says by %s how much was paid before', (_how, object, alreadyPaid) => {
    const normalised = normaliseStripe(sample('credit_note.created', { refundMinor: 119, object }));
    expect(eventOf(normalised, 'CreditNoteIssued').data.alreadyPaid).toBe(alreadyPaid);
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
