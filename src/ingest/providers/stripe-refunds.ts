import { stripeMoney } from '../../domain/currency.ts';
import type { DomainEvent } from '../../domain/events.ts';
import { factKey } from '../../domain/facts.ts';
import type { Stream } from '../../domain/stream.ts';
import type { StripeEvent, StripeMapping } from './stripe-event.ts';
import { paymentStream } from './stripe-payments.ts';
import type { ListedRefund, Refund, RefundedCharge } from './stripe-shapes.ts';

/** A charge lists its refunds as they were; the refund's own events know better, and a failure is the last word. */
const RANK = { listed: 10, created: 20, updated: 20, failed: 30 } as const;

/** One mapping for each event of a refund, by how much it knows. */
export const refundReported =
  (what: keyof typeof RANK): StripeMapping<Refund> =>
  (refund, event) => {
    const stream = paymentStream(event, refund.paymentId);
    return [report(refund, refund.charge, stream, RANK[what], event)];
  };

/** The total of a charge says what is refunded even where its refunds are not listed, as in newer API versions. */
export const chargeRefunded: StripeMapping<RefundedCharge> = (charge, event) => {
  const stream = paymentStream(event, charge.payment_intent ?? charge.id);
  const total = stripeMoney(charge.amount_refunded, charge.currency);
  const listed = charge.refunds?.data ?? [];
  return [
    ...listed.map((refund) => report(refund, charge.id, stream, RANK.listed, event)),
    {
      type: 'RefundTotalReported',
      stream,
      occurredAt: event.created,
      data: { chargeId: charge.id, total: total.amount, currency: total.currency },
      fact: {
        key: factKey(stream, `refund-total/${charge.id}`),
        kind: 'refund',
        rank: RANK.listed,
        providerTime: event.created,
        meter: 'refund_total',
        unit: 'charge',
        ...total,
      },
    },
  ];
};

/** A failed or canceled refund keeps its amount: the status tells that it is not to be counted. */
function report(
  refund: ListedRefund,
  chargeId: string | undefined,
  stream: Stream,
  rank: number,
  event: StripeEvent,
): DomainEvent<'RefundReported'> {
  const money = stripeMoney(refund.amount, refund.currency);
  return {
    type: 'RefundReported',
    stream,
    occurredAt: refund.created,
    data: { refundId: refund.id, ...money, status: refund.status, reason: refund.reason, chargeId },
    fact: {
      key: factKey(stream, `refund/${refund.id}`),
      kind: 'refund',
      rank,
      providerTime: event.created,
      meter: 'refund',
      unit: 'refund',
      quantity: '1',
      ...money,
    },
  };
}
