import { stripeMoney } from '../../domain/currency.ts';
import type { Money } from '../../domain/currency.ts';
import type { EventData } from '../../domain/events.ts';
import { factKey } from '../../domain/facts.ts';
import type { Fact } from '../../domain/facts.ts';
import type { Stream } from '../../domain/stream.ts';
import type { StripeEvent, StripeMapping } from './stripe-event.ts';
import { stripeStream } from './stripe-event.ts';
import type {
  FailedCharge,
  FailedPaymentIntent,
  InvoicePayment,
  SucceededCharge,
  SucceededPaymentIntent,
} from './stripe-shapes.ts';

/** A payment intent knows what was received in the end; its charges report the same payment, a little earlier. */
const RANK = { charge: 10, paymentIntent: 20 } as const;

export const chargeSucceeded: StripeMapping<SucceededCharge> = (charge, event) => {
  // Only held on the card so far: `charge.captured` reports the money.
  if (!charge.captured) return [];
  const stream = paymentStream(event, charge.payment_intent ?? charge.id);
  const data = {
    ...stripeMoney(charge.amount_captured ?? charge.amount, charge.currency),
    customerId: charge.customer,
    invoiceId: charge.invoice,
    chargeId: charge.id,
    method: charge.payment_method_details?.type,
  };
  // A charge is made when it is authorised; its capture may be days later, and that is when the money comes.
  const occurredAt = event.type === 'charge.captured' ? event.created : charge.created;
  return [paymentSucceeded(event, stream, RANK.charge, occurredAt, data)];
};

export const paymentIntentSucceeded: StripeMapping<SucceededPaymentIntent> = (intent, event) => [
  paymentSucceeded(event, paymentStream(event, intent.id), RANK.paymentIntent, event.created, {
    ...stripeMoney(intent.amount_received ?? intent.amount, intent.currency),
    customerId: intent.customer,
    invoiceId: intent.invoice,
    chargeId: newestCharge(intent),
  }),
];

export const chargeFailed: StripeMapping<FailedCharge> = (charge, event) => [
  paymentFailed(event, paymentStream(event, charge.payment_intent ?? charge.id), RANK.charge, charge.created, {
    ...stripeMoney(charge.amount, charge.currency),
    customerId: charge.customer,
    invoiceId: charge.invoice,
    chargeId: charge.id,
    failureCode: charge.failure_code,
    declineCode: charge.outcome?.type === 'issuer_declined' ? charge.outcome.reason : undefined,
  }),
];

export const paymentIntentFailed: StripeMapping<FailedPaymentIntent> = (intent, event) => [
  paymentFailed(event, paymentStream(event, intent.id), RANK.paymentIntent, event.created, {
    ...stripeMoney(intent.amount, intent.currency),
    customerId: intent.customer,
    invoiceId: intent.invoice,
    chargeId: intent.last_payment_error?.charge ?? newestCharge(intent),
    failureCode: intent.last_payment_error?.code,
    declineCode: intent.last_payment_error?.decline_code,
  }),
];

/** Links two things and moves no money; it lives with the payment where it names one. */
export const invoicePaymentPaid: StripeMapping<InvoicePayment> = (link, event) => {
  const paymentId = link.payment?.payment_intent ?? link.payment?.charge;
  const stream =
    paymentId === undefined
      ? stripeStream(event.source, 'invoice', link.invoice)
      : stripeStream(event.source, 'payment', paymentId);
  const paid = link.amount_paid === undefined ? undefined : stripeMoney(link.amount_paid, link.currency ?? '');
  const data = { invoiceId: link.invoice, paymentId, amount: paid?.amount, currency: paid?.currency };
  return [{ type: 'InvoicePaymentLinked', stream, occurredAt: event.created, data }];
};

export function paymentStream(event: StripeEvent, externalId: string): Stream {
  return stripeStream(event.source, 'payment', externalId);
}

function paymentSucceeded(
  event: StripeEvent,
  stream: Stream,
  rank: number,
  occurredAt: string,
  data: EventData<'PaymentSucceeded'>,
) {
  const fact = countOne(event, stream, 'payment', 'payment', rank, data);
  return { type: 'PaymentSucceeded', stream, occurredAt, data, fact } as const;
}

function paymentFailed(
  event: StripeEvent,
  stream: Stream,
  rank: number,
  occurredAt: string,
  data: EventData<'PaymentFailed'>,
) {
  // One payment may fail many times; each attempt counts once, and its charge is what tells attempts apart.
  const fact = countOne(event, stream, `failure/${data.chargeId ?? event.id}`, 'failure', rank, data);
  return { type: 'PaymentFailed', stream, occurredAt, data, fact } as const;
}

function countOne(
  event: StripeEvent,
  home: Stream,
  name: string,
  kind: 'payment' | 'failure',
  rank: number,
  { amount, currency }: Money,
): Fact {
  const key = factKey(home, name);
  return { key, kind, rank, providerTime: event.created, meter: kind, unit: kind, quantity: '1', amount, currency };
}

function newestCharge(intent: SucceededPaymentIntent | FailedPaymentIntent): string | undefined {
  return intent.latest_charge ?? intent.charges?.data[0]?.id;
}
