import type { EventData } from '../domain/events.ts';
import type { Dispute } from './payment-state.ts';
import { earlierTime, greaterReport } from './report.ts';
import type { Report } from './report.ts';

/**
 * A dispute after one more report. What the greatest report says of it holds; times and transactions add up, since a
 * report that is greater by rank may have been made before a transaction.
 */
export function foldDispute(
  before: Dispute | undefined,
  { order, isClosed, data }: Readonly<{ order: Report; isClosed: boolean; data: EventData<'DisputeUpdated'> }>,
): Dispute {
  const { disputeId, chargeId, amount, currency, status, reason, evidenceDueAt, openedAt, funds } = data;
  const told = { ...order, disputeId, chargeId, amount, currency, status, reason };
  const at = order.occurredAt;
  return {
    report: greaterReport(before?.report, { ...told, evidenceDueAt: evidenceDueAt && iso(evidenceDueAt) }),
    openedAt: earlierTime(before?.openedAt, openedAt === undefined ? at : iso(openedAt)),
    withdrawnAt: funds === 'withdrawn' ? earlierTime(before?.withdrawnAt, at) : before?.withdrawnAt,
    reinstatedAt: funds === 'reinstated' ? earlierTime(before?.reinstatedAt, at) : before?.reinstatedAt,
    closedAt: isClosed ? earlierTime(before?.closedAt, at) : before?.closedAt,
    transactions: (data.transactions ?? []).reduce((all, transaction) => {
      const { transactionId } = transaction;
      const reported = { ...order, ...transaction, at: iso(transaction.at) };
      return { ...all, [transactionId]: greaterReport(all[transactionId], reported) };
    }, before?.transactions ?? {}),
  };
}

function iso(time: string): string {
  return new Date(time).toISOString();
}
