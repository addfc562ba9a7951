import { sampleId } from './sample-id.ts';

/**
 * Bodies of our own in the shapes that Stripe documents for API 2026-10-28.endive. Samples with the same `key` are
 * about the same customer's invoice, payment and refund, so that a story can be told with several of them.
 */
export type StripeSample = Readonly<{
  /** Names the story; all ids that are not given follow from it. */
  key?: string;
  /** When it happened. */
  at?: Date;
  eventId?: string;
  livemode?: boolean;
  /** Id of the connected account that the event is of; an event of the platform itself names none. */
  connectedAccount?: string;
  customerId?: string;
  /** Lower case, as Stripe sends it. */
  currency?: string;
  /** Of the payment and of the invoice, tax included, in minor units. */
  totalMinor?: number;
  taxMinor?: number;
  /** Of the refund; the whole payment when left out. */
  refundMinor?: number;
  invoiceId?: string;
  invoiceNumber?: string;
  paymentIntentId?: string;
  chargeId?: string;
  refundId?: string;
  /** Fields of the event's object that are to be otherwise. */
  object?: Readonly<Record<string, unknown>>;
}>;

/** What a sample tells, with all its ids. */
export type StripeStory = ReturnType<typeof tellStripe>;

/** Everything that is left out follows from the key. */
export function tellStripe(type: string, sample: StripeSample) {
  const { key = 'sample', at = new Date('2026-11-24T09:30:00Z') } = sample;
  const totalMinor = sample.totalMinor ?? 11_900;
  return {
    type,
    key,
    created: Math.floor(at.getTime() / 1000),
    eventId: sample.eventId ?? sampleId('evt', key, type),
    livemode: sample.livemode ?? false,
    connectedAccount: sample.connectedAccount,
    customerId: sample.customerId ?? sampleId('cus', key),
    currency: sample.currency ?? 'usd',
    totalMinor,
    taxMinor: sample.taxMinor ?? 0,
    refundMinor: sample.refundMinor ?? totalMinor,
    invoiceId: sample.invoiceId ?? sampleId('in', key),
    invoiceNumber: sample.invoiceNumber ?? `HL-${sampleId('n', key).slice(2, 8).toUpperCase()}-0001`,
    paymentIntentId: sample.paymentIntentId ?? sampleId('pi', key),
    chargeId: sample.chargeId ?? sampleId('ch', key),
    refundId: sample.refundId ?? sampleId('re', key),
    subscriptionId: sampleId('sub', key),
    payoutId: sampleId('po', key),
    object: sample.object ?? {},
  };
}
