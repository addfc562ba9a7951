import { describe, expect, test } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import { stripeSample } from '../../../src/dev/samples/stripe-samples.ts';
import { oldCharge, oldPaymentIntent, oldStripeEvent } from '../../samples/stripe-2020.ts';
import { eventOf, normaliseStripe } from './normalise.ts';

const AT = new Date('2026-11-24T09:30:00Z');
const sample = (type: string, object: object = {}) => {
  const ids = { eventId: 'evt_1', customerId: 'cus_1', paymentIntentId: 'pi_1', chargeId: 'ch_1', invoiceId: 'in_1' };
  return stripeSample(type, { at: AT, totalMinor: 1999, ...ids, object: { ...object } }) ?? {};
};
const STREAM = { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'test', externalId: 'pi_1' };
const KEY = 'payment/stripe/acct_1/test/pi_1#';

describe('a payment', () => {
  test('is reported by its payment intent', () => {
    expect(normaliseStripe(sample('payment_intent.succeeded')).events).toEqual([
      {
        type: 'PaymentSucceeded',
        stream: STREAM,
        occurredAt: '2026-11-24T09:30:00.000Z',
        data: { amount: '19.99', currency: 'USD', customerId: 'cus_1', chargeId: 'ch_1' },
        fact: {
          key: `${KEY}payment`,
          kind: 'payment',
          rank: 20,
          providerTime: '2026-11-24T09:30:00.000Z',
          meter: 'payment',
          unit: 'payment',
          quantity: '1',
          amount: '19.99',
          currency: 'USD',
        },
      },
    ]);
  });

  test('is the same fact when its charge reports it, of a lesser rank', () => {
    const event = eventOf(normaliseStripe(sample('charge.succeeded')), 'PaymentSucceeded');
    expect(event).toMatchObject({
      stream: STREAM,
      occurredAt: '2026-11-24T09:29:57.000Z',
      data: { amount: '19.99', currency: 'USD', customerId: 'cus_1', chargeId: 'ch_1', method: 'card' },
      fact: { key: `${KEY}payment`, rank: 10, amount: '19.99' },
    });
  });

  test('by a charge without a payment intent is known by the charge', () => {
    const event = eventOf(normaliseStripe(sample('charge.succeeded', { payment_intent: null })), 'PaymentSucceeded');
    expect(event).toMatchObject({
      stream: { externalId: 'ch_1' },
      fact: { key: 'payment/stripe/acct_1/test/ch_1#payment' },
    });
  });

  test('that is only authorised is kept and moves no money; its capture does, at the time of the capture', () => {
    const authorised = normaliseStripe(sample('charge.succeeded', { captured: false, amount_captured: 0 }));
    expect(authorised).toMatchObject({ status: 'accepted', events: [{ data: { reason: 'kept' } }] });
    const captured = normaliseStripe(sample('charge.captured', { amount_captured: 1500 }));
    expect(eventOf(captured, 'PaymentSucceeded')).toMatchObject({
      occurredAt: '2026-11-24T09:30:00.000Z',
      fact: { amount: '15', rank: 10 },
    });
  });

  test.each([
    ['null', null, 'ch_1'],
    ['an id', 'pi_9', 'pi_9'],
    ['the expanded object', { id: 'pi_9', object: 'payment_intent' }, 'pi_9'],
  ])('is known by what its charge names as payment intent: %s', (_name, named, externalId) => {
    const { events } = normaliseStripe(sample('charge.succeeded', { payment_intent: named }));
    expect(events).toMatchObject([{ stream: { externalId } }]);
  });

  test('in the shape of 2020 names its invoice and its first charge', () => {
    const intent = normaliseStripe(oldStripeEvent('payment_intent.succeeded', oldPaymentIntent()));
    const charge = normaliseStripe(oldStripeEvent('charge.succeeded', oldCharge()));
    expect(eventOf(intent, 'PaymentSucceeded').data).toEqual({
      amount: '20',
      currency: 'USD',
      customerId: 'cus_old',
      invoiceId: 'in_old',
      chargeId: 'ch_old',
    });
    expect(eventOf(charge, 'PaymentSucceeded').data).toMatchObject({ invoiceId: 'in_old', chargeId: 'ch_old' });
    expect(eventOf(intent, 'PaymentSucceeded').fact?.key).toBe(eventOf(charge, 'PaymentSucceeded').fact?.key);
  });

  test('has its exact amount, in the digits of its currency', () => {
    const digits = fc.constantFrom(
      ['usd', 2],
      ['jpy', 0],
      ['kwd', 3],
      ['isk', 2],
      ['ugx', 2],
      ['huf', 2],
    ) as fc.Arbitrary<[string, number]>;
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), digits, (minor, [currency, places]) => {
        const body = JSON.stringify(sample('payment_intent.succeeded', { amount_received: '<minor>', currency }));
        const { events } = normaliseStripe(body.replace('"<minor>"', String(minor)));
        const expected = new Big(String(minor)).div(new Big(10).pow(places)).toFixed();
        expect(events).toMatchObject([{ fact: { amount: expected, currency: currency.toUpperCase() } }]);
      }),
    );
  });

  test.each([
    ['a fraction of a cent', { amount_received: 19.99 }],
    ['a negative amount', { amount_received: -5 }],
    ['an amount in words', { amount_received: 'many' }],
    ['no currency', { currency: null }],
    ['something that is no currency', { currency: 'currency' }],
    ['no id', { id: null }],
  ])('with %s is odd: no money comes of it', (_name, object) => {
    const normalised = normaliseStripe(sample('payment_intent.succeeded', object));
    expect(normalised).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
  });
});

describe('a failed payment', () => {
  test('counts each attempt once, whether the charge or the payment intent reports it', () => {
    const charge = eventOf(normaliseStripe(sample('charge.failed')), 'PaymentFailed');
    const intent = eventOf(normaliseStripe(sample('payment_intent.payment_failed')), 'PaymentFailed');
    const data = { amount: '19.99', failureCode: 'card_declined', declineCode: 'insufficient_funds', chargeId: 'ch_1' };
    expect(charge).toMatchObject({
      stream: STREAM,
      data,
      fact: { key: `${KEY}failure/ch_1`, kind: 'failure', rank: 10 },
    });
    expect(intent).toMatchObject({
      stream: STREAM,
      data,
      fact: { key: `${KEY}failure/ch_1`, kind: 'failure', rank: 20 },
    });
  });

  test.each([
    ['the charge of the error', { last_payment_error: { charge: 'ch_2' }, latest_charge: 'ch_3' }, 'ch_2'],
    ['the latest charge', { last_payment_error: { charge: null }, latest_charge: { id: 'ch_3' } }, 'ch_3'],
    ['the event, when no charge was made', { last_payment_error: {}, latest_charge: null }, 'evt_1'],
  ])('is known by %s', (_name, object, attempt) => {
    const { events } = normaliseStripe(sample('payment_intent.payment_failed', object));
    expect(events).toMatchObject([{ fact: { key: `${KEY}failure/${attempt}` } }]);
  });
});

describe('an invoice payment', () => {
  test('links the invoice with the payment, in the stream of the payment, and makes none', () => {
    expect(normaliseStripe(sample('invoice_payment.paid')).events).toEqual([
      {
        type: 'InvoicePaymentLinked',
        stream: STREAM,
        occurredAt: '2026-11-24T09:30:00.000Z',
        data: { invoiceId: 'in_1', paymentId: 'pi_1', amount: '19.99', currency: 'USD' },
      },
    ]);
  });

  test.each([
    ['a charge', { payment: { type: 'charge', charge: 'ch_1' } }, { kind: 'payment', externalId: 'ch_1' }],
    ['no payment that we know', { payment: { type: 'payment_record' } }, { kind: 'invoice', externalId: 'in_1' }],
    ['an expanded invoice', { invoice: { id: 'in_2' }, payment: null }, { kind: 'invoice', externalId: 'in_2' }],
  ])('may name %s', (_name, object, stream) => {
    expect(normaliseStripe(sample('invoice_payment.paid', object)).events).toMatchObject([{ stream }]);
  });

  test('needs a currency only for an amount', () => {
    const without = normaliseStripe(sample('invoice_payment.paid', { amount_paid: null, currency: 'currency' }));
    expect(eventOf(without, 'InvoicePaymentLinked').data).toEqual({ invoiceId: 'in_1', paymentId: 'pi_1' });
    const odd = normaliseStripe(sample('invoice_payment.paid', { currency: 'currency' }));
    expect(odd).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
  });
});
