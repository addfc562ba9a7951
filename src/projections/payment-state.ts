import type { Money } from '../domain/currency.ts';
import type { EventData } from '../domain/events.ts';
import type { Books, Mode } from '../domain/stream.ts';
import type { Report } from './report.ts';

export type RefundStatus = EventData<'RefundReported'>['status'];

/** What is known of a payment: the greatest report of each of its facts. Kept as JSON, so only what survives that. */
export type PaymentState = Readonly<{
  paymentId: string;
  tenantId: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  /** Missing until the payment has succeeded: a failure or a refund may arrive first. */
  payment?: Report & Money & Readonly<{ customerId?: string }>;
  /** By fact key: one for each attempt that failed. */
  failures: Readonly<Record<string, Failure>>;
  /** By fact key: one for each refund that the provider lists. */
  refunds: Readonly<Record<string, Refund>>;
  /** Every report of how much of a charge was refunded in all: they are a history, not rival accounts of one fact. */
  refundTotals: readonly (Report & Money & Readonly<{ chargeId: string }>)[];
  /** By fact key. */
  disputes: Readonly<Record<string, Dispute>>;
  /** Sorted, each once. */
  invoiceIds: readonly string[];
  /** How often two reports of one fact disagreed on an amount; above 0 in whatever order they came, or never. */
  differingReports: number;
}>;

export type Failure = Report &
  Money &
  Readonly<{
    failureCode?: string | undefined;
    declineCode?: string | undefined;
    customerId?: string | undefined;
    chargeId?: string | undefined;
  }>;

export type Refund = Report &
  Money &
  Readonly<{ status: RefundStatus; refundId: string; reason?: string | undefined; chargeId?: string | undefined }>;

export type Dispute = Readonly<{
  report: Report &
    Money &
    Readonly<{
      disputeId?: string | undefined;
      chargeId?: string | undefined;
      status: string;
      reason?: string | undefined;
      evidenceDueAt?: string | undefined;
    }>;
  /** The earliest time that is told. */
  openedAt: string;
  /** When events said so, whatever they told of transactions. */
  withdrawnAt?: string | undefined;
  reinstatedAt?: string | undefined;
  closedAt?: string | undefined;
  /** What moved at the provider, by transaction; each event tells those so far. */
  transactions: Readonly<Record<string, Report & DisputeTransaction>>;
}>;
type DisputeTransaction = NonNullable<EventData<'DisputeUpdated'>['transactions']>[number];
