import type { EventType } from './events.ts';

export const QUEUES = [
  'ingress-events',
  'orchestration-flows',
  'integration-tasks',
  'notifications',
  'analytics-events',
] as const;
export type Queue = (typeof QUEUES)[number];

/** What the ingress handler asks for next, as an event of its own, which has its own route. */
export type NextWork = Readonly<{
  type: 'FlowRequested' | 'IntegrationRequested' | 'NotificationRequested';
  task: string;
}>;

type Route = Readonly<{ queues: readonly Queue[]; next: readonly NextWork[] }>;

const INGRESS_AND_ANALYTICS: Route = { queues: ['ingress-events', 'analytics-events'], next: [] };

/** The one table of which event goes where; the compiler holds it complete. */
export const routes: Readonly<Record<EventType, Route>> = {
  CallStarted: { queues: ['ingress-events'], next: [] },
  CallEnded: INGRESS_AND_ANALYTICS,
  CallAnalyzed: {
    queues: ['ingress-events', 'analytics-events'],
    next: [{ type: 'FlowRequested', task: 'call-follow-up' }],
  },
  CallLinked: { queues: ['analytics-events'], next: [] },
  // One doorbell stands for many: the event that a cost comes with rings it.
  CallCostReported: { queues: [], next: [] },
  CallTransferStarted: { queues: ['ingress-events'], next: [] },
  CallTransferBridged: { queues: ['ingress-events'], next: [] },
  CallTransferCancelled: { queues: ['ingress-events'], next: [] },
  CallTransferEnded: INGRESS_AND_ANALYTICS,
  CallTranscriptUpdated: { queues: ['ingress-events'], next: [] },
  RecordingCompleted: INGRESS_AND_ANALYTICS,
  ChatStarted: { queues: ['ingress-events'], next: [] },
  ChatEnded: INGRESS_AND_ANALYTICS,
  ChatAnalyzed: {
    queues: ['ingress-events', 'analytics-events'],
    next: [{ type: 'FlowRequested', task: 'chat-follow-up' }],
  },
  ChatCostReported: { queues: [], next: [] },
  MessageReceived: INGRESS_AND_ANALYTICS,
  MessageSent: INGRESS_AND_ANALYTICS,
  MessageStatusChanged: INGRESS_AND_ANALYTICS,
  MessageCostReported: { queues: ['analytics-events'], next: [] },
  PaymentSucceeded: INGRESS_AND_ANALYTICS,
  PaymentFailed: {
    queues: ['ingress-events', 'analytics-events'],
    next: [{ type: 'NotificationRequested', task: 'payment-failed' }],
  },
  RefundReported: INGRESS_AND_ANALYTICS,
  RefundTotalReported: INGRESS_AND_ANALYTICS,
  InvoicePaymentLinked: INGRESS_AND_ANALYTICS,
  InvoiceDrafted: INGRESS_AND_ANALYTICS,
  InvoiceFinalized: INGRESS_AND_ANALYTICS,
  InvoicePaid: {
    queues: ['ingress-events', 'analytics-events'],
    next: [{ type: 'IntegrationRequested', task: 'record-invoice-paid' }],
  },
  InvoicePaymentFailed: INGRESS_AND_ANALYTICS,
  InvoiceVoided: INGRESS_AND_ANALYTICS,
  InvoiceMarkedUncollectible: INGRESS_AND_ANALYTICS,
  DisputeOpened: INGRESS_AND_ANALYTICS,
  DisputeUpdated: INGRESS_AND_ANALYTICS,
  DisputeClosed: INGRESS_AND_ANALYTICS,
  CreditNoteIssued: INGRESS_AND_ANALYTICS,
  CreditNoteVoided: INGRESS_AND_ANALYTICS,
  SubscriptionChanged: { queues: ['ingress-events'], next: [] },
  PayoutPaid: INGRESS_AND_ANALYTICS,
  PayoutFailed: INGRESS_AND_ANALYTICS,
  ProviderEventReceived: { queues: ['ingress-events'], next: [] },
  StreamTenantMoved: { queues: ['analytics-events'], next: [] },
  ConflictResolved: { queues: [], next: [] },
  // What they ask for are outbox rows of the events that they name, written beside them.
  JobRedriven: { queues: [], next: [] },
  JobRepublished: { queues: [], next: [] },
  EffectResolved: { queues: [], next: [] },
  JobPurged: { queues: [], next: [] },
  TimerFired: { queues: ['orchestration-flows'], next: [] },
  AccountMappingAdded: { queues: [], next: [] },
  PricePlanDefined: { queues: ['analytics-events'], next: [] },
  PricePlanAssigned: { queues: ['analytics-events'], next: [] },
  CostRateSet: { queues: ['analytics-events'], next: [] },
  FxRateSet: { queues: [], next: [] },
  ProviderCostEntered: { queues: [], next: [] },
  ProviderCostVoided: { queues: [], next: [] },
  BalanceTransactionReported: { queues: ['analytics-events'], next: [] },
  // Their tables are written with them; what they say of money comes of events that rang before.
  StatementIssueRequested: { queues: [], next: [] },
  StatementIssued: { queues: [], next: [] },
  StatementIssueRefused: { queues: [], next: [] },
  StatementInvoiceLinked: { queues: [], next: [] },
  PeriodCloseRequested: { queues: [], next: [] },
  PeriodClosed: { queues: [], next: [] },
  PeriodCloseRefused: { queues: [], next: [] },
  PeriodReopened: { queues: [], next: [] },
  FlowRequested: { queues: ['orchestration-flows'], next: [] },
  IntegrationRequested: { queues: ['integration-tasks'], next: [] },
  NotificationRequested: { queues: ['notifications'], next: [] },
};

export function typesRoutedTo(queue: Queue): readonly string[] {
  return Object.entries(routes).flatMap(([type, { queues }]) => (queues.includes(queue) ? [type] : []));
}
