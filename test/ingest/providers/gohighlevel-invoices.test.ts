import { describe, expect, test } from '@jest/globals';
import { gohighlevelSample } from '../../../src/dev/samples/gohighlevel-samples.ts';
import { normaliseGohighlevel } from './gohighlevel-normalise.ts';
import { eventOf } from './normalise.ts';

const AT = new Date('2026-11-24T09:30:00Z');
const sample = (type: string, object: object = {}) =>
  gohighlevelSample(type, {
    at: AT,
    currency: 'eur',
    total: 119,
    tax: 19,
    object: { _id: 'inv_1', invoiceNumber: '19', contactDetails: { id: 'contact_1', name: 'Ada' }, ...object },
  }) ?? {};
const KEY = 'invoice/gohighlevel/agency/test/inv_1#billed';

describe('an invoice of GoHighLevel', () => {
  test('that is paid bills its net amount, and makes no payment', () => {
    expect(normaliseGohighlevel(sample('InvoicePaid')).events).toEqual([
      {
        type: 'InvoicePaid',
        stream: { kind: 'invoice', provider: 'gohighlevel', account: 'agency', mode: 'test', externalId: 'inv_1' },
        occurredAt: AT.toISOString(),
        data: {
          number: '19',
          customerId: 'contact_1',
          status: 'paid',
          net: '100',
          tax: '19',
          total: '119',
          paid: '119',
          currency: 'EUR',
          issuedAt: '2026-11-24T00:00:00.000Z',
          dueAt: '2026-11-24T00:00:00.000Z',
        },
        fact: {
          key: KEY,
          kind: 'billed',
          rank: 30,
          providerTime: AT.toISOString(),
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
    ['InvoiceSent', 'InvoiceFinalized', 10, 'open', '0', '100'],
    ['InvoicePartiallyPaid', 'InvoiceFinalized', 20, 'open', '20', '100'],
    ['InvoicePaid', 'InvoicePaid', 30, 'paid', '119', '100'],
    ['InvoiceVoid', 'InvoiceVoided', 40, 'void', '0', '0'],
    ['InvoiceDelete', 'InvoiceVoided', 40, 'void', '0', '0'],
  ] as const)('of %s is %s, of rank %i', (type, eventType, rank, status, paid, amount) => {
    const event = eventOf(normaliseGohighlevel(sample(type)), eventType);
    expect(event).toMatchObject({ data: { status, paid }, fact: { key: KEY, rank, amount, currency: 'EUR' } });
  });

  test.each(['InvoiceCreate', 'InvoiceUpdate'])('of %s in draft bills nothing', (type) => {
    const event = eventOf(normaliseGohighlevel(sample(type)), 'InvoiceDrafted');
    expect(event.fact).toBeUndefined();
    expect(event.data).toMatchObject({ status: 'draft', net: '100' });
    expect(event.data.issuedAt).toBeUndefined();
  });

  test('is what its status says, whichever event brought it', () => {
    const updated = normaliseGohighlevel(sample('InvoiceUpdate', { status: 'sent' }));
    expect(eventOf(updated, 'InvoiceFinalized').fact?.rank).toBe(10);
    const notYet = normaliseGohighlevel(sample('InvoicePaid', { status: 'partially_paid' }));
    expect(eventOf(notYet, 'InvoiceFinalized').fact?.rank).toBe(20);
    expect(eventOf(normaliseGohighlevel(sample('InvoicePaid', { status: null })), 'InvoicePaid').fact?.rank).toBe(30);
  });

  test('of a status that we do not know is kept when it was only updated', () => {
    const normalised = normaliseGohighlevel(sample('InvoiceUpdate', { status: 'disputed' }));
    expect(normalised).toMatchObject({ status: 'accepted', events: [{ data: { reason: 'kept' } }] });
  });

  test.each([
    ['the tax itself', { totalSummary: { subTotal: 100, discount: 0, tax: 19 } }, '100', '19'],
    ['what is above the discounted items', { totalSummary: { subTotal: 110, discount: 10 } }, '100', '19'],
    ['less than the items', { totalSummary: { subTotal: 130, discount: 0 } }, '119', '0'],
    ['no summary', { totalSummary: null }, '119', '0'],
  ])('has its tax taken off where it prints %s', (_name, object, net, tax) => {
    const event = eventOf(normaliseGohighlevel(sample('InvoicePaid', object)), 'InvoicePaid');
    expect(event.data).toMatchObject({ net, tax });
  });

  test('is exact in major units, whatever the currency', () => {
    const text = JSON.stringify(sample('InvoicePaid', { totalSummary: null, currency: 'JPY' }));
    const event = eventOf(
      normaliseGohighlevel(text.replace('"total":119', '"total":12345678901234567.10')),
      'InvoicePaid',
    );
    expect(event.data).toMatchObject({ total: '12345678901234567.1', currency: 'JPY' });
    expect(event.fact?.amount).toBe('12345678901234567.1');
  });

  test('of the other mode is quarantined', () => {
    const live = sample('InvoicePaid', { liveMode: true });
    expect(normaliseGohighlevel(live)).toMatchObject({
      status: 'quarantined',
      events: [],
      detail: 'The event is of mode live, the source of mode test.',
    });
    expect(normaliseGohighlevel(live, { source: { mode: 'live' } }).status).toBe('accepted');
  });

  test.each([
    ['no id', { _id: null }],
    ['no total', { total: null }],
    ['no currency', { currency: 'dollars' }],
    ['a total in words', { total: 'much' }],
  ])('with %s is odd', (_name, object) => {
    const normalised = normaliseGohighlevel(sample('InvoicePaid', object));
    expect(normalised).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
  });

  test('without a delivery id is told from its other states by its status, time and payment', () => {
    const keyOf = (object: object) => {
      const body = gohighlevelSample('InvoicePartiallyPaid', {
        at: AT,
        webhookId: null,
        object: { _id: 'i/1', ...object },
      });
      return normaliseGohighlevel(body ?? {}).dedupeKey;
    };
    expect(keyOf({})).toBe('InvoicePartiallyPaid/i%2F1/partially_paid/2026-11-24T09%3A30%3A00.000Z/20');
    expect(keyOf({ amountPaid: 40 })).not.toBe(keyOf({}));
    expect(keyOf({ updatedAt: '2026-11-25' })).not.toBe(keyOf({}));
  });
});
