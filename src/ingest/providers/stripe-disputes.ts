import { z } from 'zod';
import { stripeMoney } from '../../domain/currency.ts';
import { disputeRank } from '../../domain/dispute-rank.ts';
import type { EventData } from '../../domain/events.ts';
import { factKey } from '../../domain/facts.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import { maybe } from './maybe.ts';
import type { StripeEvent } from './stripe-event.ts';
import { paymentStream } from './stripe-payments.ts';
import { currency, id, reference, seconds, signedAmount, text, time } from './stripe-shapes.ts';

/** A balance transaction of the dispute. Only as it stands in the event is it whole: nothing is read back. */
const transaction = z.object({ id, amount: signedAmount, fee: signedAmount, currency, created: seconds });

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
    /** What cannot be read is as good as not told: the event still says what became of the money. */
    balance_transactions: maybe(z.array(transaction)).catch(undefined),
  })
  .transform(({ payment_intent: paymentIntent, ...rest }, context) => {
    const paymentId = paymentIntent ?? rest.charge;
    if (paymentId !== undefined) return { ...rest, paymentId };
    context.addIssue('names neither a payment intent nor a charge');
    return z.NEVER;
  });
type Dispute = z.infer<typeof dispute>;
type DisputeType = 'DisputeOpened' | 'DisputeUpdated' | 'DisputeClosed';

/** A dispute is told in the stream of its payment. Several events report it; it counts once. */
export function disputeReported(type: DisputeType, funds?: 'withdrawn' | 'reinstated'): Mapping<StripeEvent> {
  return mapping(dispute, (object, event: StripeEvent) => {
    const stream = paymentStream(event, object.paymentId);
    const money = stripeMoney(object.amount, object.currency);
    return [
      {
        type,
        stream,
        occurredAt: type === 'DisputeOpened' ? object.created : event.created,
        data: {
          disputeId: object.id,
          chargeId: object.charge,
          ...money,
          status: object.status,
          reason: object.reason,
          ...(funds === undefined ? {} : { funds }),
          evidenceDueAt: object.evidence_details?.due_by ?? object.evidence_due_by,
          openedAt: object.created,
          ...transactionsOf(object),
        },
        fact: {
          key: factKey(stream, `dispute/${object.id ?? object.charge ?? object.paymentId}`),
          kind: 'dispute',
          rank: disputeRank(type, object.status),
          providerTime: event.created,
          meter: 'dispute',
          unit: 'dispute',
          quantity: '1',
          ...money,
        },
      },
    ];
  });
}

function transactionsOf({
  balance_transactions: transactions = [],
}: Dispute): Pick<EventData<'DisputeUpdated'>, 'transactions'> {
  if (transactions.length === 0) return {};
  return {
    transactions: transactions.map(({ id: transactionId, amount, fee, currency: code, created }) => ({
      transactionId,
      ...stripeMoney(amount, code),
      fee: stripeMoney(fee, code).amount,
      at: created,
    })),
  };
}
