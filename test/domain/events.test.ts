import { describe, expect, test } from '@jest/globals';
import { catalogue, isEventType, readEventData, UnreadableEventError } from '../../src/domain/events.ts';
import { QUEUES, routes } from '../../src/domain/queues.ts';

const types = Object.keys(catalogue);

describe('the catalogue of events', () => {
  test('has a route for every type, to queues that exist, and no route for anything else', () => {
    expect(Object.keys(routes).toSorted()).toEqual(types.toSorted());
    for (const { queues, next } of Object.values(routes)) {
      expect(queues.filter((queue) => !QUEUES.includes(queue))).toEqual([]);
      expect(new Set(queues).size).toBe(queues.length);
      // The ingress handler asks for the next work, so what asks for work must come to it.
      if (next.length > 0) expect(queues).toContain('ingress-events');
      for (const { type } of next) expect(types).toContain(type);
    }
  });

  test('leaves no queue without work', () => {
    const used = new Set(Object.values(routes).flatMap(({ queues }) => queues));
    expect(QUEUES.filter((queue) => !used.has(queue))).toEqual([]);
  });

  test('never asks for work in a circle', () => {
    const nextOf = (type: string) => Object.entries(routes).find(([each]) => each === type)?.[1].next ?? [];
    for (const type of types) {
      for (const { type: next } of nextOf(type)) expect(nextOf(next)).toEqual([]);
    }
  });

  test.each(types)('takes no field that %s does not know', (type) => {
    const definition = Object.entries(catalogue).find(([each]) => each === type)?.[1];
    const parsed = definition?.data.safeParse({ surprise: 1 });
    expect(parsed?.error?.issues.some(({ code }) => code === 'unrecognized_keys')).toBe(true);
  });

  test('has an upcaster for each older version', () => {
    for (const { version, upcasters } of Object.values(catalogue)) {
      expect(Object.keys(upcasters)).toEqual(Array.from({ length: version - 1 }, (_, index) => String(index + 1)));
    }
  });

  test.each(['constructor', '__proto__', 'toString', 'callStarted', ''])('does not know a type %j', (type) => {
    expect(isEventType(type)).toBe(false);
  });
});

describe('reading recorded data', () => {
  const link = { invoiceId: 'in_1', paymentId: 'pi_1' };

  test('gives data of the current version as it is', () => {
    expect(readEventData('InvoicePaymentLinked', 1, link)).toEqual(link);
  });

  test('lifts data of an older version, one version at a time', () => {
    const upcasters: Record<number, (data: unknown) => unknown> = catalogue.InvoicePaymentLinked.upcasters;
    // As if version 0 had called the invoice a bill.
    upcasters[0] = (data) => ({ invoiceId: Object(data).bill });
    try {
      expect(readEventData('InvoicePaymentLinked', 0, { bill: 'in_1' })).toEqual({ invoiceId: 'in_1' });
    } finally {
      delete upcasters[0];
    }
  });

  test('takes assignments and rates of the first version for ones that priced everything again, as they did', () => {
    const validFrom = '2026-01-01T00:00:00Z';
    const assignment = { planId: 'p', tenantId: 'tnt_a', validFrom };
    expect(readEventData('PricePlanAssigned', 1, assignment)).toEqual({ ...assignment, reprice: true });
    expect(readEventData('PricePlanAssigned', 2, { ...assignment, reprice: false }).reprice).toBe(false);
    const rate = { provider: 'twilio', meter: 'sms', currency: 'USD', unitCost: '1', validFrom };
    expect(readEventData('CostRateSet', 1, rate)).toEqual({ ...rate, reprice: true });
    expect(() => readEventData('CostRateSet', 2, rate)).toThrow(UnreadableEventError);
  });

  test('fails, with the type and version, where no upcaster leads to the current one', () => {
    expect(() => readEventData('InvoicePaymentLinked', 0, link)).toThrow(
      new UnreadableEventError('InvoicePaymentLinked has no upcaster from version 0.'),
    );
  });

  test('fails where the data fits no version', () => {
    expect(() => readEventData('InvoicePaymentLinked', 1, { invoiceId: 7 })).toThrow(UnreadableEventError);
    expect(() => readEventData('InvoicePaymentLinked', 1, { ...link, surprise: 1 })).toThrow(/InvoicePaymentLinked v1/);
  });
});
