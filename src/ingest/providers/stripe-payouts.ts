import { z } from 'zod';
import { stripeMoney } from '../../domain/currency.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import { maybe } from './maybe.ts';
import type { StripeEvent } from './stripe-event.ts';
import { stripeStream } from './stripe-event.ts';
import { currency, id, signedAmount, text, time } from './stripe-shapes.ts';

const payout = z.object({
  id,
  /** Negative where a balance below zero is taken from the bank. */
  amount: signedAmount,
  currency,
  status: z.string(),
  automatic: maybe(z.boolean()),
  method: text,
  arrival_date: time,
  failure_code: text,
});

export function payoutReported(type: 'PayoutPaid' | 'PayoutFailed'): Mapping<StripeEvent> {
  return mapping(payout, (object, event: StripeEvent) => [
    {
      type,
      stream: stripeStream(event.source, 'payout', object.id),
      occurredAt: event.created,
      data: {
        ...stripeMoney(object.amount, object.currency),
        status: object.status,
        automatic: object.automatic,
        method: object.method,
        arrivesAt: object.arrival_date,
        failureCode: object.failure_code,
      },
    },
  ]);
}
