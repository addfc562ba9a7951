import { describe, expect, test } from '@jest/globals';
import { stripeSample } from '../../../src/dev/samples/stripe-samples.ts';
import { oldInvoice, oldStripeEvent } from '../../samples/stripe-2020.ts';
import { eventOf, normaliseStripe } from './normalise.ts';

const AT = new Date('2026-11-24T09:30:00Z');
const sample = (type: string, object: object = {}) =>
  stripeSample(type, {
    at: AT,
    totalMinor: 11_900,
    taxMinor: 1_900,
    currency: 'eur',
    customerId: 'cus_1',
    invoiceId: 'in_1',
    invoiceNumber: 'HL-0001',
    object: { ...object },
  }) ?? {};
const STREAM = { kind: 'invoice', provider: 'stripe', account: 'acct_1', mode: 'test', externalId: 'in_1' };

describe('an invoice', () => {
  test('that is paid bills its net amount, and makes no payment', () => {
    expect(normaliseStripe(sample('invoice.paid')).events).toEqual([
      {
        type: 'InvoicePaid',
        stream: STREAM,
        occurredAt: '2026-11-24T09:30:00.000Z',
        data: {
          number: 'HL-0001',
          customerId: 'cus_1',
          status: 'paid',
          net: '100',
          tax: '19',
          total: '119',
          paid: '119',
          currency: 'EUR',
          issuedAt: '2026-11-24T09:29:00.000Z',
          periodStart: '2026-10-25T08:30:00.000Z',
          periodEnd: '2026-11-24T08:30:00.000Z',
        },
        fact: {
          key: 'invoice/stripe/acct_1/test/in_1#billed',
          kind: 'billed',
          rank: 30,
          providerTime: '2026-11-24T09:30:00.000Z',
          meter: 'billed',
          unit: 'invoice',
          quantity: '1',
          amount: '100',
          currency: 'EUR',
        },
      },
    ]);
  });

  test.each([
    ['invoice.finalized', 'InvoiceFinalized', 10, 'open', '2026-11-24T09:29:00.000Z', '100'],
    ['invoice.payment_failed', 'InvoicePaymentFailed', 20, 'open', '2026-11-24T09:30:00.000Z', '100'],
    ['invoice.paid', 'InvoicePaid', 30, 'paid', '2026-11-24T09:30:00.000Z', '100'],
    ['invoice.payment_succeeded', 'InvoicePaid', 30, 'paid', '2026-11-24T09:30:00.000Z', '100'],
    [
      'invoice.marked_uncollectible',
      'InvoiceMarkedUncollectible',
      30,
      'uncollectible',
      '2026-11-24T09:30:00.000Z',
      '100',
    ],
    ['invoice.voided', 'InvoiceVoided', 40, 'void', '2026-11-24T09:30:00.000Z', '0'],
  ] as const)('of %s is %s, of rank %i', (type, eventType, rank, status, occurredAt, amount) => {
    const event = eventOf(normaliseStripe(sample(type)), eventType);
    expect(event).toMatchObject({
      stream: STREAM,
      occurredAt,
      data: { status, net: '100' },
      fact: { key: 'invoice/stripe/acct_1/test/in_1#billed', rank, amount, currency: 'EUR' },
    });
  });

  test('that was given up and is paid after all is paid: of equal ranks the later report wins', () => {
    const [paid, givenUp] = (['invoice.paid', 'invoice.marked_uncollectible'] as const).map(
      (type) => normaliseStripe(sample(type)).events[0]?.fact,
    );
    expect(paid?.rank).toBe(givenUp?.rank);
  });

  test('that is a draft bills nothing', () => {
    const event = eventOf(normaliseStripe(sample('invoice.created')), 'InvoiceDrafted');
    expect(event.fact).toBeUndefined();
    expect(event).toMatchObject({ occurredAt: '2026-11-24T09:30:00.000Z', data: { status: 'draft', net: '100' } });
    expect(event.data.issuedAt).toBeUndefined();
  });

  test('whose transitions are not told happened when its event was made', () => {
    const event = eventOf(
      normaliseStripe(sample('invoice.finalized', { status_transitions: null })),
      'InvoiceFinalized',
    );
    expect(event.occurredAt).toBe('2026-11-24T09:30:00.000Z');
    expect(event.data.issuedAt).toBeUndefined();
  });

  test.each([
    ['the net amount', { total_excluding_tax: 10_000, total_taxes: [{ amount: 5 }], tax: 6 }, '100', '19'],
    ['taxes one by one', { total_excluding_tax: null, total_taxes: [{ amount: 900 }, { amount: 1_000 }] }, '100', '19'],
    ['one sum', { total_excluding_tax: null, total_taxes: null, tax: 1_900 }, '100', '19'],
    [
      'tax amounts',
      { total_excluding_tax: null, total_taxes: null, tax: null, total_tax_amounts: [{ amount: 1_900 }] },
      '100',
      '19',
    ],
    ['no tax at all', { total_excluding_tax: null, total_taxes: null, tax: null }, '119', '0'],
  ])('has its tax taken off where Stripe tells %s', (_name, object, net, tax) => {
    const event = eventOf(normaliseStripe(sample('invoice.paid', object)), 'InvoicePaid');
    expect(event.data).toMatchObject({ net, tax, total: '119' });
    expect(event.fact?.amount).toBe(net);
  });

  test('in the shape of 2020 is the same', () => {
    const event = eventOf(normaliseStripe(oldStripeEvent('invoice.paid', oldInvoice())), 'InvoicePaid');
    expect(event).toMatchObject({
      occurredAt: '2020-09-13T12:28:10.000Z',
      data: { number: 'OLD-0001', net: '10', tax: '1.9', total: '11.9', paid: '11.9', currency: 'EUR' },
      fact: { amount: '10', currency: 'EUR' },
    });
  });

  test.each([
    ['what the customer has is used up', { starting_balance: -3000, ending_balance: -500 }, '25'],
    ['what the customer owes is asked for', { starting_balance: 200, ending_balance: 0 }, '-2'],
    ['nothing of it is used', { starting_balance: -3000, ending_balance: -3000 }, undefined],
    ['a draft does not know yet', { starting_balance: -3000, ending_balance: null }, undefined],
  ])('tells the part that the balance of the customer paid: %s', (_what, object, expected) => {
    const event = eventOf(normaliseStripe(sample('invoice.finalized', object)), 'InvoiceFinalized');
    expect(event.data.fromCustomerBalance).toBe(expected);
  });

  test('may credit: a negative total is billed as it is', () => {
    const object = { total: -500, total_excluding_tax: -500, amount_paid: 0 };
    expect(eventOf(normaliseStripe(sample('invoice.finalized', object)), 'InvoiceFinalized').fact?.amount).toBe('-5');
  });

  test.each([
    ['no total', { total: null }],
    ['no amount paid', { amount_paid: null }],
    ['no currency', { currency: 'dollars' }],
    ['a status that we do not know', { status: 'deleted' }],
  ])('with %s is odd', (_name, object) => {
    const normalised = normaliseStripe(sample('invoice.paid', object));
    expect(normalised).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
  });
});
