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
  failures: Readonly<Record<string, Report & Money & Readonly<{ code?: string; customerId?: string }>>>;
  /** By fact key: one for each refund that the provider lists. */
  refunds: Readonly<Record<string, Report & Money & Readonly<{ status: RefundStatus }>>>;
  /** Every report of how much of a charge was refunded in all: they are a history, not rival accounts of one fact. */
  refundTotals: readonly (Report & Money & Readonly<{ chargeId: string }>)[];
  /** Sorted, each once. */
  invoiceIds: readonly string[];
  /** How often two reports of one fact disagreed on an amount; above 0 in whatever order they came, or never. */
  differingReports: number;
}>;
