/**
 * The catalogue of domain events: immutable, provider-neutral facts in the past tense.
 *
 * Words, one for each thing:
 * - source: one account at one provider that sends us webhooks; its secrets, public URL, mode and books
 * - mode: live or test; the two never mix. books: platform (the money is ours) or tenant (it is the tenant's own)
 * - webhook: one recorded request: raw bytes, the headers needed to verify it again, received_at
 * - thing, stream: what events are about (a call, a payment); its events, numbered without holes
 * - event: one entry of this catalogue, with a version in its stream and a global position
 * - account mapping: (provider, account, external id) to tenant, valid in time
 * - fact, fact key: a billable fact and its identity for ever; several webhooks may report it; it counts once
 * - outbox row: publish this event to this queue. generation: 0 as first published, more for each repetition
 * - high-water mark: every position at or below it is committed or dead
 * - lane: the outbox of one tenant and queue, with its publish cursor
 * - inbox row: the outcome of one job; commits with its effect. dead letter: a job that ended without success
 * - transport: what carries jobs
 * - projection, read model, checkpoint: the fold, the tables that it writes, the position that it has folded
 * - fold range: hash of the stream; how a rebuild is split
 * - cost rate / price plan: what the provider charges us / what we charge the tenant
 * - rated, billed, collected: priced usage / issued on invoices, net of tax / cash received, by settlement date
 */
import { z } from 'zod';
import { costRate } from './cost-rates.ts';
import type { Fact } from './facts.ts';
import * as schemas from './event-schemas.ts';
import * as finance from './finance-schemas.ts';
import * as work from './work-schemas.ts';
import type { Stream } from './stream.ts';

type Definition<Data extends z.ZodType, Personal extends z.ZodType = z.ZodType> = Readonly<{
  /** Version of the schema that new events are written with. */
  version: number;
  data: Data;
  personal?: Personal;
  /** Turns data of an older version into data of the next one; one entry for each version below the current. */
  upcasters: Readonly<Record<number, (data: unknown) => unknown>>;
}>;

function define<Data extends z.ZodType, Personal extends z.ZodType = z.ZodType>(
  data: Data,
  personal?: Personal,
): Definition<Data, Personal> {
  return { version: 1, data, upcasters: {}, ...(personal === undefined ? {} : { personal }) };
}

/** Of the second version; `upcast` makes data of the first one fit. */
function defineSecond<Data extends z.ZodType>(data: Data, upcast: (data: unknown) => unknown): Definition<Data> {
  return { version: 2, data, upcasters: { 1: upcast } };
}

/** Before they said whether, assignments and rates priced again whatever was in their validity. */
function withReprice(data: unknown): unknown {
  return { ...z.record(z.string(), z.unknown()).parse(data), reprice: true };
}

export const catalogue = {
  CallStarted: define(schemas.callStarted, schemas.parties),
  CallEnded: define(schemas.callEnded, schemas.parties),
  CallAnalyzed: define(schemas.callAnalyzed, schemas.transcriptTexts),
  CallLinked: define(schemas.callLink),
  CallCostReported: define(schemas.conversationCost),
  CallTransferStarted: define(schemas.callTransferred, schemas.transferDestination),
  CallTransferBridged: define(schemas.callTransferred, schemas.transferDestination),
  CallTransferCancelled: define(schemas.callTransferred, schemas.transferDestination),
  CallTransferEnded: define(schemas.callTransferred, schemas.transferDestination),
  CallTranscriptUpdated: define(schemas.transcriptUpdated, schemas.transcriptTexts),
  RecordingCompleted: define(schemas.recording),
  ChatStarted: define(schemas.callStarted),
  ChatEnded: define(schemas.callEnded, schemas.transcriptTexts),
  ChatAnalyzed: define(schemas.callAnalyzed, schemas.transcriptTexts),
  ChatCostReported: define(schemas.conversationCost),
  MessageReceived: define(schemas.message, schemas.messageTexts),
  MessageSent: define(schemas.message, schemas.messageTexts),
  MessageStatusChanged: define(schemas.message, schemas.messageTexts),
  MessageCostReported: define(schemas.conversationCost),
  PaymentSucceeded: define(schemas.payment),
  PaymentFailed: define(schemas.paymentFailure),
  RefundReported: define(schemas.refund),
  RefundTotalReported: define(schemas.refundTotal),
  InvoicePaymentLinked: define(schemas.invoicePaymentLink),
  InvoiceDrafted: define(schemas.invoice),
  InvoiceFinalized: define(schemas.invoice),
  InvoicePaid: define(schemas.invoice),
  InvoicePaymentFailed: define(schemas.invoice),
  InvoiceVoided: define(schemas.invoice),
  InvoiceMarkedUncollectible: define(schemas.invoice),
  DisputeOpened: define(schemas.dispute),
  DisputeUpdated: define(schemas.dispute),
  DisputeClosed: define(schemas.dispute),
  CreditNoteIssued: define(schemas.creditNote),
  CreditNoteVoided: define(schemas.creditNote),
  SubscriptionChanged: define(schemas.subscription),
  PayoutPaid: define(schemas.payout),
  PayoutFailed: define(schemas.payout),
  ProviderEventReceived: define(schemas.providerEvent),
  StreamTenantMoved: define(schemas.streamMove),
  ConflictResolved: define(schemas.conflictResolution),
  JobRedriven: define(work.repetition),
  JobRepublished: define(work.repetition),
  EffectResolved: define(work.effectResolution),
  JobPurged: define(work.jobPurge),
  TimerFired: define(work.timerFiring),
  AccountMappingAdded: define(schemas.accountMapping),
  PricePlanDefined: define(schemas.pricePlan),
  PricePlanAssigned: defineSecond(schemas.pricePlanAssignment, withReprice),
  CostRateSet: defineSecond(costRate, withReprice),
  FxRateSet: define(finance.fxRate),
  ProviderCostEntered: define(finance.providerCost),
  ProviderCostVoided: define(finance.providerCostVoid),
  BalanceTransactionReported: define(finance.balanceTransaction),
  StatementIssueRequested: define(finance.statementIssueRequest),
  StatementIssued: define(finance.statement),
  StatementIssueRefused: define(finance.statementRefusal),
  StatementInvoiceLinked: define(finance.statementInvoiceLink),
  PeriodCloseRequested: define(finance.periodCloseRequest),
  PeriodClosed: define(finance.periodClose),
  PeriodCloseRefused: define(finance.periodCloseRefusal),
  PeriodReopened: define(finance.periodReopening),
  FlowRequested: define(work.workRequest),
  IntegrationRequested: define(work.workRequest),
  NotificationRequested: define(work.workRequest),
} as const;

export type EventType = keyof typeof catalogue;
export type EventData<T extends EventType> = z.infer<(typeof catalogue)[T]['data']>;

/** The catalogue by type, so that a definition that is looked up by a type reads data of that type. */
const definitions: {
  readonly [K in EventType]: Pick<Definition<z.ZodType<EventData<K>>>, 'version' | 'data' | 'upcasters'>;
} = catalogue;

/** An event as it is asked for: not yet numbered, not yet of a tenant. */
export type DomainEvent<T extends EventType = EventType> = {
  [K in T]: Readonly<{
    type: K;
    stream: Stream;
    /** When it happened in the provider's world, ISO 8601. */
    occurredAt: string;
    data: EventData<K>;
    personal?: Readonly<Record<string, unknown>>;
    fact?: Fact;
  }>;
}[T];

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(catalogue, type);
}

export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError';
  readonly code = 'unreadable_event';
}

/**
 * The data of a recorded event in today's shape.
 * @throws UnreadableEventError when the type is unknown here, or the data fits no version: a newer process wrote it.
 */
export function readEventData<T extends EventType>(type: T, version: number, data: unknown): EventData<T> {
  const definition = definitions[type];
  let current = data;
  for (let at = version; at < definition.version; at += 1) {
    const upcast = definition.upcasters[at];
    if (upcast === undefined) throw new UnreadableEventError(`${type} has no upcaster from version ${at}.`);
    current = upcast(current);
  }
  const parsed = definition.data.safeParse(current);
  if (!parsed.success) {
    throw new UnreadableEventError(`${type} v${version} does not fit its schema: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
