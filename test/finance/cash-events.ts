import type { DomainEvent, EventData } from '../../src/domain/events.ts';
import { factKey } from '../../src/domain/facts.ts';
import type { Stream, StreamKind } from '../../src/domain/stream.ts';
import type { BookedEvent } from './books.ts';

/** Events of one Stripe account in live mode; each fact is told once. */
function streamOf(kind: StreamKind, externalId: string): Stream {
  return { kind, provider: 'stripe', account: 'acct_1', mode: 'live', externalId };
}

export type CreditNoteSeed = Readonly<{
  id: string;
  at: string;
  total: string;
  tax?: string;
  alreadyPaid?: string;
  isVoid?: boolean;
  reason?: string;
}>;

export function creditNote(tenantId: string, invoiceId: string, seed: CreditNoteSeed): BookedEvent {
  const { id, at, total, tax = '0', alreadyPaid, isVoid = false, reason } = seed;
  const stream = streamOf('invoice', invoiceId);
  const net = String(BigInt(total) - BigInt(tax));
  const event: DomainEvent = {
    type: isVoid ? 'CreditNoteVoided' : 'CreditNoteIssued',
    stream,
    occurredAt: at,
    data: {
      creditNoteId: id,
      invoiceId,
      status: isVoid ? 'void' : 'issued',
      net,
      tax,
      total,
      currency: 'EUR',
      ...(alreadyPaid === undefined ? {} : { alreadyPaid }),
      ...(reason === undefined ? {} : { reason }),
    },
    fact: {
      key: factKey(stream, `credit/${id}`),
      kind: 'credit',
      rank: isVoid ? 20 : 10,
      providerTime: at,
      meter: 'credited',
      unit: 'credit_note',
      amount: net,
      currency: 'EUR',
    },
  };
  return { tenantId, event };
}

export type FailureSeed = Readonly<{ attempt: string; at: string; amount: string; code: string }>;

export function failure(tenantId: string, paymentId: string, seed: FailureSeed): BookedEvent {
  const { attempt, at, amount, code } = seed;
  const stream = streamOf('payment', paymentId);
  const event: DomainEvent = {
    type: 'PaymentFailed',
    stream,
    occurredAt: at,
    data: { amount, currency: 'EUR', failureCode: 'card_declined', declineCode: code, chargeId: attempt },
    fact: {
      key: factKey(stream, `failure/${attempt}`),
      kind: 'failure',
      rank: 10,
      providerTime: at,
      meter: 'failure',
      unit: 'failure',
      amount,
      currency: 'EUR',
    },
  };
  return { tenantId, event };
}

export type RefundSeed = Readonly<{ id: string; at: string; amount: string; reason?: string }>;

export function refund(tenantId: string, paymentId: string, { id, at, amount, reason }: RefundSeed): BookedEvent {
  const stream = streamOf('payment', paymentId);
  const event: DomainEvent = {
    type: 'RefundReported',
    stream,
    occurredAt: at,
    data: {
      refundId: id,
      amount,
      currency: 'EUR',
      status: 'succeeded',
      ...(reason === undefined ? {} : { reason }),
    },
    fact: {
      key: factKey(stream, `refund/${id}`),
      kind: 'refund',
      rank: 20,
      providerTime: at,
      meter: 'refund',
      unit: 'refund',
      amount,
      currency: 'EUR',
    },
  };
  return { tenantId, event };
}

export type DisputeSeed = Readonly<{
  id: string;
  at: string;
  amount: string;
  type?: 'DisputeOpened' | 'DisputeUpdated' | 'DisputeClosed';
  status?: string;
  evidenceDueAt?: string;
  funds?: 'withdrawn' | 'reinstated';
  transactions?: EventData<'DisputeUpdated'>['transactions'];
}>;

const RANKS = { DisputeOpened: 10, DisputeUpdated: 20, DisputeClosed: 30 } as const;

export function dispute(tenantId: string, paymentId: string, seed: DisputeSeed): BookedEvent {
  const {
    id,
    at,
    amount,
    type = 'DisputeOpened',
    status = 'needs_response',
    evidenceDueAt,
    funds,
    transactions,
  } = seed;
  const stream = streamOf('payment', paymentId);
  const event: DomainEvent = {
    type,
    stream,
    occurredAt: at,
    data: {
      disputeId: id,
      amount,
      currency: 'EUR',
      status,
      reason: 'fraudulent',
      ...(evidenceDueAt === undefined ? {} : { evidenceDueAt }),
      ...(funds === undefined ? {} : { funds }),
      ...(transactions === undefined ? {} : { transactions }),
    },
    fact: {
      key: factKey(stream, `dispute/${id}`),
      kind: 'dispute',
      rank: RANKS[type],
      providerTime: at,
      meter: 'dispute',
      unit: 'dispute',
      amount,
      currency: 'EUR',
    },
  };
  return { tenantId, event };
}

export function linked(tenantId: string, paymentId: string, invoiceId: string): BookedEvent {
  const stream = streamOf('payment', paymentId);
  const data = { invoiceId, paymentId };
  return { tenantId, event: { type: 'InvoicePaymentLinked', stream, occurredAt: '2026-11-01T00:00:00Z', data } };
}

export type PayoutSeed = Readonly<{ id: string; at: string; amount: string; hasFailed?: boolean; currency?: string }>;

export function payout(tenantId: string, seed: PayoutSeed): BookedEvent {
  const { id, at, amount, hasFailed = false, currency = 'EUR' } = seed;
  const event: DomainEvent = {
    type: hasFailed ? 'PayoutFailed' : 'PayoutPaid',
    stream: streamOf('payout', id),
    occurredAt: at,
    data: { amount, currency, status: hasFailed ? 'failed' : 'paid', automatic: true },
  };
  return { tenantId, event };
}

export function moved(kind: StreamKind, externalId: string, from: string, to: string): BookedEvent {
  return {
    tenantId: to,
    event: {
      type: 'StreamTenantMoved',
      stream: streamOf(kind, externalId),
      occurredAt: '2026-11-24T00:00:00Z',
      data: { from, to, reason: 'mapped too late' },
    },
  };
}
