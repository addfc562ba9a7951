import { z } from 'zod';
import { stripeMoney } from '../../domain/currency.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import { maybe } from './maybe.ts';
import type { StripeEvent } from './stripe-event.ts';
import { paymentStream } from './stripe-payments.ts';
import { currency, reference, seconds, signedAmount, text, time } from './stripe-shapes.ts';

const dispute = z
  .object({
    /** Missing in the oldest API versions. */
    id: text,
    amount: signedAmount,
    currency,
    created: seconds,
    charge: reference,
    payment_intent: reference,
    status: z.string(),
    reason: text,
    evidence_due_by: time,
    evidence_details: maybe(z.object({ due_by: time })),
  })
  .transform(({ payment_intent: paymentIntent, ...rest }, context) => {
    const paymentId = paymentIntent ?? rest.charge;
    if (paymentId !== undefined) return { ...rest, paymentId };
    context.addIssue('names neither a payment intent nor a charge');
    return z.NEVER;
  });

/** A dispute is told in the stream of its payment. It carries no fact: what is collected stays as it is. */
export function disputeReported(
  type: 'DisputeOpened' | 'DisputeUpdated' | 'DisputeClosed',
  funds?: 'withdrawn' | 'reinstated',
): Mapping<StripeEvent> {
  return mapping(dispute, (object, event: StripeEvent) => [
    {
      type,
      stream: paymentStream(event, object.paymentId),
      occurredAt: type === 'DisputeOpened' ? object.created : event.created,
      data: {
        disputeId: object.id,
        chargeId: object.charge,
        ...stripeMoney(object.amount, object.currency),
        status: object.status,
        reason: object.reason,
        ...(funds === undefined ? {} : { funds }),
        evidenceDueAt: object.evidence_details?.due_by ?? object.evidence_due_by,
      },
    },
  ]);
}
