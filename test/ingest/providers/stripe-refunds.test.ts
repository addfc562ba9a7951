import { describe, expect, test } from '@jest/globals';
import { stripeSample } from '../../../src/dev/samples/stripe-samples.ts';
import { oldCharge, oldRefund, oldStripeEvent } from '../../samples/stripe-2020.ts';
import { eventOf, eventsOf, normaliseStripe } from './normalise.ts';

const AT = new Date('2026-11-24T09:30:00Z');
const sample = (type: string, object: object = {}) => {
  const ids = { paymentIntentId: 'pi_1', chargeId: 'ch_1', refundId: 're_1' };
  return stripeSample(type, { at: AT, totalMinor: 1999, refundMinor: 500, ...ids, object: { ...object } }) ?? {};
};
const KEY = 'payment/stripe/acct_1/test/pi_1#';

describe('a refund', () => {
  test('is a fact of the payment that it gives back', () => {
    expect(normaliseStripe(sample('refund.created')).events).toEqual([
      {
        type: 'RefundReported',
        stream: { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'test', externalId: 'pi_1' },
        occurredAt: '2026-11-24T09:30:00.000Z',
        data: {
          refundId: 're_1',
          amount: '5',
          currency: 'USD',
          status: 'succeeded',
          reason: 'requested_by_customer',
          chargeId: 'ch_1',
        },
        fact: {
          key: `${KEY}refund/re_1`,
          kind: 'refund',
          rank: 20,
          providerTime: '2026-11-24T09:30:00.000Z',
          meter: 'refund',
          unit: 'refund',
          quantity: '1',
          amount: '5',
          currency: 'USD',
        },
      },
    ]);
  });

  test.each([
    ['refund.created', 20],
    ['refund.updated', 20],
    ['charge.refund.updated', 20],
    ['refund.failed', 30],
  ])('of %s is the same fact, of rank %i', (type, rank) => {
    expect(eventOf(normaliseStripe(sample(type)), 'RefundReported').fact).toMatchObject({
      key: `${KEY}refund/re_1`,
      rank,
    });
  });

  test.each(['failed', 'canceled'])(
    'that is %s keeps its amount: the status tells that it does not count',
    (status) => {
      const event = eventOf(normaliseStripe(sample('refund.updated', { status })), 'RefundReported');
      expect(event).toMatchObject({ data: { status, amount: '5' }, fact: { amount: '5' } });
    },
  );

  test('is of its charge where it names no payment intent, and odd where it names neither', () => {
    const byCharge = normaliseStripe(sample('refund.created', { payment_intent: null }));
    expect(eventOf(byCharge, 'RefundReported').stream.externalId).toBe('ch_1');
    const byNone = normaliseStripe(sample('refund.created', { payment_intent: null, charge: null }));
    expect(byNone).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
  });

  test('of a status that we do not know is odd', () => {
    expect(normaliseStripe(sample('refund.created', { status: 'maybe' })).status).toBe('unmapped');
  });
});

describe('a refunded charge', () => {
  test('reports the total, whether or not it lists its refunds', () => {
    expect(normaliseStripe(sample('charge.refunded')).events).toEqual([
      {
        type: 'RefundTotalReported',
        stream: { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'test', externalId: 'pi_1' },
        occurredAt: '2026-11-24T09:30:00.000Z',
        data: { chargeId: 'ch_1', total: '5', currency: 'USD' },
        fact: {
          key: `${KEY}refund-total/ch_1`,
          kind: 'refund',
          rank: 10,
          providerTime: '2026-11-24T09:30:00.000Z',
          meter: 'refund_total',
          unit: 'charge',
          amount: '5',
          currency: 'USD',
        },
      },
    ]);
  });

  test('in the shape of 2020 reports each refund that it lists, of the least rank', () => {
    const refunds = { data: [oldRefund(), oldRefund({ id: 're_second', amount: 250, status: null })] };
    const normalised = normaliseStripe(oldStripeEvent('charge.refunded', oldCharge({ amount_refunded: 750, refunds })));
    const key = 'payment/stripe/acct_1/test/pi_old#';
    expect(eventsOf(normalised, 'RefundReported')).toMatchObject([
      {
        data: { refundId: 're_old', status: 'succeeded' },
        fact: { key: `${key}refund/re_old`, rank: 10, amount: '5' },
      },
      { data: { status: 'succeeded' }, fact: { key: `${key}refund/re_second`, rank: 10, amount: '2.5' } },
    ]);
    expect(eventOf(normalised, 'RefundTotalReported').data.total).toBe('7.5');
  });

  test('whose list is empty, or no list, still reports its total', () => {
    for (const refunds of [{ data: [] }, {}, null]) {
      const normalised = normaliseStripe(
        oldStripeEvent('charge.refunded', oldCharge({ amount_refunded: 100, refunds })),
      );
      expect(normalised.events.map(({ type }) => type)).toEqual(['RefundTotalReported']);
    }
  });
});
