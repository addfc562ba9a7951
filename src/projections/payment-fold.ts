import type { Money } from '../domain/currency.ts';
import { compareDecimals, parseDecimal } from '../domain/decimal.ts';
import { disputeRank } from '../domain/dispute-rank.ts';
import type { RecordedEvent } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import { differences } from './differences.ts';
import { foldDispute } from './dispute-fold.ts';
import type { StreamStep } from './fold-streams.ts';
import type { Cash } from './payment-cash.ts';
import { cashOf } from './payment-cash.ts';
import type { PaymentState } from './payment-state.ts';
import { greaterReport, namedReportOf, reportOf } from './report.ts';

/** What an event makes of its payment; undefined when it says nothing of one. */
export function foldPayment(
  before: PaymentState | undefined,
  event: RecordedEvent,
): StreamStep<PaymentState, Cash> | undefined {
  const state = evolve(before, event);
  if (state === undefined) return undefined;
  const cashBefore = before === undefined ? new Map<string, Cash>() : cashOf(before);
  const cashAfter = cashOf(state);
  const items = [...new Set([...cashBefore.keys(), ...cashAfter.keys()])].toSorted();
  return { state, lines: items.flatMap((item) => differences(cashBefore.get(item), cashAfter.get(item))) };
}

function evolve(before: PaymentState | undefined, event: RecordedEvent): PaymentState | undefined {
  if (event.streamKind !== 'payment') return undefined;
  const state = before ?? unknownPayment(event);
  switch (event.type) {
    case 'PaymentSucceeded':
      return withPayment(state, event);
    case 'PaymentFailed':
      return withFailure(state, event);
    case 'RefundReported':
      return withRefund(state, event);
    case 'RefundTotalReported':
      return withRefundTotal(state, event);
    case 'DisputeOpened':
    case 'DisputeUpdated':
    case 'DisputeClosed':
      return withDispute(state, event, event.type);
    case 'InvoicePaymentLinked': {
      const { invoiceId } = readEventData('InvoicePaymentLinked', event.schemaVersion, event.data);
      return { ...state, invoiceIds: withInvoice(state, invoiceId) };
    }
    case 'StreamTenantMoved': {
      const { to } = readEventData('StreamTenantMoved', event.schemaVersion, event.data);
      return before && { ...before, tenantId: to };
    }
    default:
      return undefined;
  }
}

function unknownPayment(event: RecordedEvent): PaymentState {
  return {
    paymentId: event.externalId,
    tenantId: event.tenantId,
    provider: event.provider ?? '',
    account: event.account ?? '',
    mode: event.mode,
    books: event.books,
    failures: {},
    refunds: {},
    refundTotals: [],
    disputes: {},
    invoiceIds: [],
    differingReports: 0,
  };
}

/** No money comes of an event without a fact: nothing would tell its second report from a second payment. */
function withPayment(state: PaymentState, event: RecordedEvent): PaymentState | undefined {
  if (event.fact === undefined) return undefined;
  const { amount, currency, customerId, invoiceId } = readEventData(
    'PaymentSucceeded',
    event.schemaVersion,
    event.data,
  );
  const report = {
    ...reportOf(event, event.fact),
    amount,
    currency,
    ...(customerId === undefined ? {} : { customerId }),
  };
  return {
    ...state,
    payment: greaterReport(state.payment, report),
    invoiceIds: withInvoice(state, invoiceId),
    differingReports: state.differingReports + disagreement(state.payment, report),
  };
}

function withFailure(state: PaymentState, event: RecordedEvent): PaymentState | undefined {
  if (event.fact === undefined) return undefined;
  const { key } = event.fact;
  const data = readEventData('PaymentFailed', event.schemaVersion, event.data);
  const { amount, currency, failureCode, declineCode, customerId, chargeId } = data;
  const report = { ...reportOf(event, event.fact), amount, currency, failureCode, declineCode, customerId, chargeId };
  return {
    ...state,
    failures: { ...state.failures, [key]: greaterReport(state.failures[key], report) },
    invoiceIds: withInvoice(state, data.invoiceId),
    differingReports: state.differingReports + disagreement(state.failures[key], report),
  };
}

function withRefund(state: PaymentState, event: RecordedEvent): PaymentState | undefined {
  if (event.fact === undefined) return undefined;
  const { key } = event.fact;
  const data = readEventData('RefundReported', event.schemaVersion, event.data);
  const { amount, currency, status, refundId, reason, chargeId } = data;
  const report = { ...reportOf(event, event.fact), amount, currency, status, refundId, reason, chargeId };
  return {
    ...state,
    refunds: { ...state.refunds, [key]: greaterReport(state.refunds[key], report) },
    differingReports: state.differingReports + disagreement(state.refunds[key], report),
  };
}

function withRefundTotal(state: PaymentState, event: RecordedEvent): PaymentState | undefined {
  if (event.fact === undefined) return undefined;
  const { chargeId, total, currency } = readEventData('RefundTotalReported', event.schemaVersion, event.data);
  const report = { ...reportOf(event, event.fact), amount: total, currency, chargeId };
  return { ...state, refundTotals: [...state.refundTotals, report] };
}

/** Two events may tell another amount of one dispute: it grew, or shrank. That is no disagreement. */
function withDispute(
  state: PaymentState,
  event: RecordedEvent,
  type: 'DisputeOpened' | 'DisputeUpdated' | 'DisputeClosed',
): PaymentState {
  const data = readEventData(type, event.schemaVersion, event.data);
  const name = `dispute/${data.disputeId ?? data.chargeId ?? state.paymentId}`;
  const { key, report: order } = namedReportOf(event, { name, rank: disputeRank(type, data.status) });
  const dispute = foldDispute(state.disputes[key], { order, isClosed: type === 'DisputeClosed', data });
  return { ...state, disputes: { ...state.disputes, [key]: dispute } };
}

function withInvoice({ invoiceIds }: PaymentState, invoiceId: string | undefined): readonly string[] {
  return invoiceId === undefined ? invoiceIds : [...new Set([...invoiceIds, invoiceId])].toSorted();
}

function disagreement(a: Money | undefined, b: Money): 0 | 1 {
  if (a === undefined) return 0;
  const isSame = a.currency === b.currency && compareDecimals(parseDecimal(a.amount), parseDecimal(b.amount)) === 0;
  return isSame ? 0 : 1;
}
