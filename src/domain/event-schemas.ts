import { z } from 'zod';
import { pricePlanComponent } from './pricing.ts';

/** Schemas that several event types share. Everything personal is in a schema of its own, which no fold reads. */
const time = z.iso.datetime({ offset: true });
const decimal = z.string().regex(/^-?\d+(\.\d+)?$/, 'a decimal string');
const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code, upper case');

export const parties = z.strictObject({ from: z.string().optional(), to: z.string().optional() });
export const transcriptTexts = z.strictObject({ summary: z.string().optional(), transcript: z.string().optional() });

const callBasics = {
  agentId: z.string().optional(),
  channel: z.string().optional(),
  direction: z.string().optional(),
  /** Twilio's id of the telephone leg, when the provider tells it. */
  telephonyCallId: z.string().optional(),
  /** The call that this one is a leg of: the one that dialled it. */
  parentCallId: z.string().optional(),
};

/**
 * What the call or chat cost in all, by the names of its cost facts within its stream. A fact that a greater report
 * leaves out costs nothing any more; how reports are ordered, see `compareReports`.
 */
const costReport = z.strictObject({
  factNames: z.array(z.string()),
  rank: z.number().int(),
  providerTime: time,
});

export const callStarted = z.strictObject({ ...callBasics, startedAt: time.optional() });
export const callEnded = z.strictObject({
  ...callBasics,
  status: z.string().optional(),
  disconnectionReason: z.string().optional(),
  startedAt: time.optional(),
  endedAt: time.optional(),
  durationMs: z.number().nonnegative().optional(),
  costReport: costReport.optional(),
});
export const callAnalyzed = z.strictObject({
  ...callBasics,
  successful: z.boolean().optional(),
  sentiment: z.string().optional(),
  inVoicemail: z.boolean().optional(),
  startedAt: time.optional(),
  durationMs: z.number().nonnegative().optional(),
  costReport: costReport.optional(),
});
/** In the stream of a call: the call at another provider that is a leg of it. */
export const callLink = z.strictObject({
  provider: z.string().min(1),
  /** Missing where only the leg's id is told. */
  account: z.string().min(1).optional(),
  callId: z.string().min(1),
});
export const callTransferred = z.strictObject({
  agentId: z.string().optional(),
  startedAt: time.optional(),
  costReport: costReport.optional(),
});
export const transferDestination = z.strictObject({
  destination: z.string().optional(),
  extension: z.string().optional(),
});
export const transcriptUpdated = z.strictObject({ agentId: z.string().optional(), turns: z.number().int().optional() });
export const conversationCost = z.strictObject({
  component: z.string(),
  isTransferLeg: z.boolean(),
  amount: decimal,
  currency,
});

export const recording = z.strictObject({
  recordingId: z.string(),
  startedAt: time.optional(),
  durationMs: z.number().nonnegative().optional(),
  channels: z.number().int().optional(),
});

export const message = z.strictObject({
  /** Such as sms, mms, whatsapp, email. */
  channel: z.string(),
  direction: z.string().optional(),
  status: z.string().optional(),
  segments: z.number().int().nonnegative().optional(),
  mediaCount: z.number().int().nonnegative().optional(),
});
export const messageTexts = z.strictObject({
  from: z.string().optional(),
  to: z.string().optional(),
  text: z.string().optional(),
});

export const payment = z.strictObject({
  amount: decimal,
  currency,
  customerId: z.string().optional(),
  invoiceId: z.string().optional(),
  chargeId: z.string().optional(),
  method: z.string().optional(),
});
export const paymentFailure = z.strictObject({
  amount: decimal,
  currency,
  customerId: z.string().optional(),
  invoiceId: z.string().optional(),
  chargeId: z.string().optional(),
  failureCode: z.string().optional(),
  declineCode: z.string().optional(),
});
export const refund = z.strictObject({
  refundId: z.string(),
  amount: decimal,
  currency,
  status: z.enum(['pending', 'requires_action', 'succeeded', 'failed', 'canceled']),
  reason: z.string().optional(),
  chargeId: z.string().optional(),
});
export const refundTotal = z.strictObject({ chargeId: z.string(), total: decimal, currency });
export const invoicePaymentLink = z.strictObject({
  invoiceId: z.string(),
  paymentId: z.string().optional(),
  amount: decimal.optional(),
  currency: currency.optional(),
});

export const invoice = z.strictObject({
  number: z.string().optional(),
  customerId: z.string().optional(),
  status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']),
  net: decimal,
  tax: decimal,
  total: decimal,
  paid: decimal,
  /** Paid from what the customer had with us; negative where that was a debt, which the invoice asks for, too. */
  fromCustomerBalance: decimal.optional(),
  currency,
  issuedAt: time.optional(),
  dueAt: time.optional(),
  periodStart: time.optional(),
  periodEnd: time.optional(),
});

/** What a dispute did to the provider's balance: signed, so that what is withdrawn is negative. */
const disputeTransaction = z.strictObject({
  transactionId: z.string(),
  /** In the currency of the balance, which may not be that of the dispute. */
  amount: decimal,
  /** What the provider keeps for it; negative where it is given back. Not in the amount. */
  fee: decimal,
  currency,
  /** When the balance changed. */
  at: time,
});
/** In the stream of the payment that is disputed. */
export const dispute = z.strictObject({
  /** Missing where an old API version does not tell it. */
  disputeId: z.string().optional(),
  chargeId: z.string().optional(),
  amount: decimal,
  currency,
  status: z.string(),
  reason: z.string().optional(),
  /** What the event says became of the disputed money. */
  funds: z.enum(['withdrawn', 'reinstated']).optional(),
  evidenceDueAt: time.optional(),
  openedAt: time.optional(),
  /** Every one so far, where the provider tells them. */
  transactions: z.array(disputeTransaction).optional(),
});
/** In the stream of the invoice that it corrects. */
export const creditNote = z.strictObject({
  creditNoteId: z.string(),
  invoiceId: z.string(),
  number: z.string().optional(),
  customerId: z.string().optional(),
  status: z.enum(['issued', 'void']),
  reason: z.string().optional(),
  net: decimal,
  tax: decimal,
  total: decimal,
  /** The part of the total that was paid before: it is given back or kept for the customer, and lowers no balance. */
  alreadyPaid: decimal.optional(),
  currency,
  issuedAt: time.optional(),
});
export const subscription = z.strictObject({
  customerId: z.string().optional(),
  change: z.enum(['created', 'updated', 'paused', 'resumed', 'deleted']),
  status: z.string(),
  currency: currency.optional(),
  items: z.array(
    z.strictObject({
      priceId: z.string().optional(),
      productId: z.string().optional(),
      quantity: decimal.optional(),
      /** For each unit and period; missing where the price has tiers or parts of a minor unit. */
      unitAmount: decimal.optional(),
      interval: z.string().optional(),
    }),
  ),
  periodStart: time.optional(),
  periodEnd: time.optional(),
  cancelAt: time.optional(),
  canceledAt: time.optional(),
  endedAt: time.optional(),
});
/** Money on its way from the provider's account to our bank: collected before, so that it counts nowhere again. */
export const payout = z.strictObject({
  amount: decimal,
  currency,
  status: z.string(),
  automatic: z.boolean().optional(),
  method: z.string().optional(),
  arrivesAt: time.optional(),
  failureCode: z.string().optional(),
});

export const providerEvent = z.strictObject({
  providerType: z.string(),
  objectId: z.string().optional(),
  /** `kept`: a known type that no projection needs; the others say why the webhook could not be mapped. */
  reason: z.enum(['kept', 'unknown-type', 'unreadable', 'odd-shape', 'mapping-failed', 'refused-by-database']),
});

export const accountMapping = z.strictObject({
  provider: z.string().min(1),
  account: z.string().min(1),
  externalId: z.string().min(1),
  tenantId: z.string().min(1),
  validFrom: z.union([time, z.literal('-infinity')]),
  validTo: z.union([time, z.literal('infinity')]),
});
export const pricePlan = z.strictObject({
  planId: z.string().min(1),
  name: z.string().min(1),
  currency,
  components: z.array(pricePlanComponent).min(1).max(50),
});
export const pricePlanAssignment = z.strictObject({
  planId: z.string().min(1),
  tenantId: z.string().min(1),
  validFrom: time,
  /** Also what is priced already: without it, that keeps its price. */
  reprice: z.boolean(),
});
export const conflictResolution = z.strictObject({
  /** The webhook that came later, with another body under a known key. */
  webhookId: z.string(),
  /** Of the two, the one whose body counts. */
  keptWebhookId: z.string(),
  reason: z.string().min(1),
  by: z.string().min(1),
});
export const streamMove = z.strictObject({ from: z.string(), to: z.string(), reason: z.string() });
