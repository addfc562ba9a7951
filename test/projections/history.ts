import fc from 'fast-check';
import type { NewEvent } from '../../src/domain/envelope.ts';
import { UNASSIGNED } from '../../src/domain/envelope.ts';
import type { DomainEvent, EventData } from '../../src/domain/events.ts';
import { factKey } from '../../src/domain/facts.ts';
import type { Stream, StreamKind } from '../../src/domain/stream.ts';

export const TENANTS = ['tnt_a', 'tnt_b'] as const;

export const PLANS: readonly EventData<'PricePlanDefined'>[] = [
  {
    planId: 'basic',
    name: 'Basic',
    currency: 'USD',
    components: [
      { kind: 'flat', amount: '49' },
      { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.0025' },
      { kind: 'markup', percent: '12.5' },
    ],
  },
  {
    planId: 'euro',
    name: 'Euro',
    currency: 'EUR',
    components: [
      { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.003' },
      { kind: 'per_unit', meter: 'chats', unitPrice: '0.1' },
      { kind: 'markup', provider: 'retell', percent: '20' },
      { kind: 'markup', percent: '1' },
    ],
  },
  {
    planId: 'chats',
    name: 'Chats',
    currency: 'USD',
    components: [{ kind: 'per_unit', meter: 'chats', unitPrice: '0' }],
  },
  {
    planId: 'monthly',
    name: 'Monthly',
    currency: 'USD',
    components: [
      { kind: 'minimum', amount: '100' },
      { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.004' },
      {
        kind: 'graduated',
        meter: 'call_seconds',
        direction: 'outbound',
        tiers: [
          { upTo: '60', unitPrice: '0.01' },
          { upTo: null, unitPrice: '0.005' },
        ],
      },
      { kind: 'per_unit', meter: 'call_seconds', direction: 'outbound', channel: 'phone_call', unitPrice: '0.02' },
      { kind: 'package', meter: 'chats', provider: 'retell', size: '10', price: '1' },
    ],
  },
];

/** An event to append, by what a webhook says; a stream that exists keeps the tenant that it has. */
export type Told = Readonly<{ event: DomainEvent; tenantId: string; books: NewEvent['books'] }>;

/** What one transaction appends. */
export type History = readonly (readonly Told[])[];

/** On both sides of a quarter of an hour, of a day and of a month. */
const time = fc.constantFrom(
  '2026-10-31T23:59:59.999Z',
  '2026-11-01T00:00:00.000Z',
  '2026-11-01T00:14:59.000Z',
  '2026-11-01T00:15:00.000Z',
  '2026-11-02T10:00:00.000Z',
);
/** Few, so that ties are frequent. */
const providerTime = fc.constantFrom(
  '2026-11-02T11:00:00.000Z',
  '2026-11-02T11:00:01.000Z',
  '2026-11-02T11:00:02.000Z',
);
const currency = fc.constantFrom('USD', 'USD', 'EUR');
const amount = fc.constantFrom('10', '10.00', '7.25', '0', '0.000000000001', '123456789012345678.9');
const externalId = fc.constantFrom('1', '2', '3');

function streamOf(kind: StreamKind, id: string): Stream {
  const provider = kind === 'call' || kind === 'chat' ? 'retell' : 'stripe';
  return { kind, provider, account: 'account_1', mode: 'test', externalId: id };
}

/** What a call or chat cost in all, of the components that `cost` reports. */
const costReport = fc.record({
  factNames: fc.subarray(['cost/llm', 'cost/tts']),
  rank: fc.constantFrom(5, 10, 15, 20),
  providerTime,
});

const usage = fc
  .record({
    type: fc.constantFrom('CallEnded' as const, 'CallAnalyzed' as const, 'ChatEnded' as const),
    id: externalId,
    occurredAt: time,
    providerTime,
    quantity: fc.constantFrom('60', '61.5', '0'),
    data: fc.constantFrom<EventData<'CallEnded' | 'CallAnalyzed'>>(
      {},
      { direction: 'inbound' },
      { direction: 'outbound' },
      { direction: 'outbound', channel: 'phone_call' },
    ),
    report: fc.option(costReport, { nil: undefined }),
  })
  .map(({ type, id, occurredAt, providerTime: told, quantity, data: attributes, report }): DomainEvent => {
    const data = { ...attributes, ...(report === undefined ? {} : { costReport: report }) };
    const isChat = type === 'ChatEnded';
    const stream = streamOf(isChat ? 'chat' : 'call', id);
    const meter = isChat ? 'chats' : 'call_seconds';
    const rank = type === 'CallAnalyzed' ? 20 : 10;
    const unit = isChat ? 'chat' : 'second';
    const fact = {
      key: factKey(stream, meter),
      kind: 'usage' as const,
      rank,
      providerTime: told,
      meter,
      unit,
      quantity,
    };
    return { type, stream, occurredAt, data, fact };
  });

/** A report of the cost alone: the length of the call is not told. */
const transferEnded = fc
  .record({ id: externalId, occurredAt: time, costReport })
  .map(({ id, occurredAt, costReport: report }): DomainEvent => ({
    type: 'CallTransferEnded',
    stream: streamOf('call', id),
    occurredAt,
    data: { costReport: report },
  }));

const cost = fc
  .record({
    id: externalId,
    component: fc.constantFrom('llm', 'tts'),
    occurredAt: time,
    providerTime,
    amount,
    currency,
    rank: fc.constantFrom(10, 20),
  })
  .map(({ id, component, occurredAt, rank, ...told }): DomainEvent => {
    const stream = streamOf('call', id);
    const key = factKey(stream, `cost/${component}`);
    return {
      type: 'CallCostReported',
      stream,
      occurredAt,
      data: { component, isTransferLeg: false, amount: told.amount, currency: told.currency },
      fact: { key, kind: 'cost', rank, meter: component, unit: 'call', ...told },
    };
  });

const payment = fc
  .record({ id: externalId, occurredAt: time, providerTime, amount, currency, rank: fc.constantFrom(10, 20) })
  .map(({ id, occurredAt, rank, ...told }): DomainEvent => {
    const stream = streamOf('payment', id);
    return {
      type: 'PaymentSucceeded',
      stream,
      occurredAt,
      data: { amount: told.amount, currency: told.currency },
      fact: { key: factKey(stream, 'payment'), kind: 'payment', rank, meter: 'payment', unit: 'payment', ...told },
    };
  });

const failure = fc
  .record({ id: externalId, attempt: externalId, occurredAt: time, providerTime, amount, currency })
  .map(({ id, attempt, occurredAt, ...told }): DomainEvent => {
    const stream = streamOf('payment', id);
    const key = factKey(stream, `failure/${attempt}`);
    return {
      type: 'PaymentFailed',
      stream,
      occurredAt,
      data: { amount: told.amount, currency: told.currency, failureCode: 'card_declined' },
      fact: { key, kind: 'failure', rank: 10, meter: 'payment', unit: 'payment', ...told },
    };
  });

const refund = fc
  .record({
    id: externalId,
    refundId: fc.constantFrom('re_1', 're_2'),
    occurredAt: time,
    providerTime,
    amount,
    currency,
    rank: fc.constantFrom(10, 20, 30),
    status: fc.constantFrom('pending' as const, 'succeeded' as const, 'failed' as const, 'requires_action' as const),
  })
  .map(({ id, refundId, occurredAt, rank, status, ...told }): DomainEvent => {
    const stream = streamOf('payment', id);
    return {
      type: 'RefundReported',
      stream,
      occurredAt,
      data: { refundId, amount: told.amount, currency: told.currency, status },
      fact: {
        key: factKey(stream, `refund/${refundId}`),
        kind: 'refund',
        rank,
        meter: 'refund',
        unit: 'refund',
        ...told,
      },
    };
  });

const refundTotal = fc
  .record({
    id: externalId,
    chargeId: fc.constantFrom('ch_1', 'ch_1', 'ch_2'),
    occurredAt: time,
    providerTime: fc.oneof(time, providerTime),
    amount,
    currency,
  })
  .map(({ id, chargeId, occurredAt, ...told }): DomainEvent => {
    const stream = streamOf('payment', id);
    const key = factKey(stream, `refund-total/${chargeId}`);
    return {
      type: 'RefundTotalReported',
      stream,
      occurredAt,
      data: { chargeId, total: told.amount, currency: told.currency },
      fact: { key, kind: 'refund', rank: 10, meter: 'refund', unit: 'refund', ...told },
    };
  });

const DISPUTES = { DisputeOpened: 10, DisputeUpdated: 20, DisputeClosed: 30 } as const;

/** Few transactions, of which reports agree: what moved a balance never changes. */
const TRANSACTIONS = [
  { transactionId: 'txn_1', amount: '-7.25', fee: '15', currency: 'USD', at: '2026-11-01T00:14:59.000Z' },
  { transactionId: 'txn_2', amount: '7.25', fee: '0', currency: 'USD', at: '2026-11-02T10:00:00.000Z' },
  { transactionId: 'txn_3', amount: '-6.5', fee: '13.1', currency: 'EUR', at: '2026-10-31T23:59:59.999Z' },
];

const dispute = fc
  .record({
    type: fc.constantFrom('DisputeOpened' as const, 'DisputeUpdated' as const, 'DisputeClosed' as const),
    id: externalId,
    disputeId: fc.constantFrom('dp_1', 'dp_1', 'dp_2'),
    occurredAt: time,
    providerTime,
    amount,
    currency,
    status: fc.constantFrom('needs_response', 'under_review', 'won', 'lost', 'warning_closed'),
    funds: fc.constantFrom(undefined, undefined, 'withdrawn' as const, 'reinstated' as const),
    transactions: fc.subarray(TRANSACTIONS),
  })
  .map(({ type, id, disputeId, occurredAt, status, funds, transactions, ...told }): DomainEvent => {
    const stream = streamOf('payment', id);
    const key = factKey(stream, `dispute/${disputeId}`);
    const { amount: disputed, currency: code } = told;
    return {
      type,
      stream,
      occurredAt,
      data: {
        disputeId,
        amount: disputed,
        currency: code,
        status,
        ...(funds === undefined ? {} : { funds }),
        ...(transactions.length === 0 ? {} : { transactions }),
      },
      fact: { key, kind: 'dispute', rank: DISPUTES[type], meter: 'dispute', unit: 'dispute', ...told },
    };
  });

const INVOICES = {
  InvoiceFinalized: { rank: 10, status: 'open' },
  InvoicePaymentFailed: { rank: 20, status: 'open' },
  InvoicePaid: { rank: 30, status: 'paid' },
  InvoiceMarkedUncollectible: { rank: 35, status: 'uncollectible' },
  InvoiceVoided: { rank: 40, status: 'void' },
} as const;

const invoice = fc
  .record({
    type: fc.constantFrom(
      'InvoiceDrafted' as const,
      'InvoiceFinalized' as const,
      'InvoiceFinalized' as const,
      'InvoicePaymentFailed' as const,
      'InvoicePaid' as const,
      'InvoiceMarkedUncollectible' as const,
      'InvoiceVoided' as const,
    ),
    id: externalId,
    occurredAt: time,
    issuedAt: fc.option(time, { nil: undefined }),
    providerTime,
    net: amount,
    tax: amount,
    total: amount,
    paid: amount,
    fromCustomerBalance: fc.option(fc.constantFrom('0.5', '-2'), { nil: undefined }),
    currency,
  })
  .map((drawn): DomainEvent => {
    const { type, id, occurredAt, issuedAt, fromCustomerBalance, providerTime: told, net, currency: code } = drawn;
    const stream = streamOf('invoice', id);
    const common = {
      net,
      tax: drawn.tax,
      total: drawn.total,
      paid: drawn.paid,
      ...(fromCustomerBalance === undefined ? {} : { fromCustomerBalance }),
      currency: code,
      ...(issuedAt === undefined ? {} : { issuedAt }),
    };
    if (type === 'InvoiceDrafted') return { type, stream, occurredAt, data: { ...common, status: 'draft' } };
    const { rank, status } = INVOICES[type];
    const key = factKey(stream, 'billed');
    const fact = { key, kind: 'billed' as const, rank, providerTime: told, meter: 'invoice', unit: 'invoice' };
    return { type, stream, occurredAt, data: { ...common, status }, fact: { ...fact, amount: net, currency: code } };
  });

const creditNote = fc
  .record({
    type: fc.constantFrom('CreditNoteIssued' as const, 'CreditNoteIssued' as const, 'CreditNoteVoided' as const),
    id: externalId,
    creditNoteId: fc.constantFrom('cn_1', 'cn_2'),
    occurredAt: time,
    providerTime,
    net: fc.constantFrom('1', '0.25', '0'),
    tax: fc.constantFrom('0.19', '0'),
    total: fc.constantFrom('1.19', '0.25'),
    alreadyPaid: fc.option(fc.constantFrom('0.25', '0'), { nil: undefined }),
    currency,
  })
  .map(({ type, id, creditNoteId, occurredAt, providerTime: told, alreadyPaid, ...money }): DomainEvent => {
    const stream = streamOf('invoice', id);
    const isVoid = type === 'CreditNoteVoided';
    return {
      type,
      stream,
      occurredAt,
      data: {
        creditNoteId,
        invoiceId: id,
        status: isVoid ? 'void' : 'issued',
        ...money,
        ...(alreadyPaid === undefined ? {} : { alreadyPaid }),
      },
      fact: {
        key: factKey(stream, `credit/${creditNoteId}`),
        kind: 'credit',
        rank: isVoid ? 20 : 10,
        providerTime: told,
        meter: 'credited',
        unit: 'credit_note',
        amount: money.net,
        currency: money.currency,
      },
    };
  });

const payout = fc
  .record({
    type: fc.constantFrom('PayoutPaid' as const, 'PayoutPaid' as const, 'PayoutFailed' as const),
    id: externalId,
    occurredAt: time,
    amount,
    currency,
  })
  .map(({ type, id, occurredAt, ...money }): DomainEvent => ({
    type,
    stream: streamOf('payout', id),
    occurredAt,
    data: { ...money, status: type === 'PayoutPaid' ? 'paid' : 'failed' },
  }));

/** What moves money, or says that it should. */
export const cash = fc.oneof(
  { arbitrary: payment, weight: 2 },
  failure,
  { arbitrary: refund, weight: 2 },
  { arbitrary: refundTotal, weight: 2 },
  { arbitrary: dispute, weight: 3 },
  { arbitrary: invoice, weight: 3 },
  { arbitrary: creditNote, weight: 2 },
  payout,
);

const reported: fc.Arbitrary<Told> = fc.record({
  event: fc.oneof({ arbitrary: usage, weight: 4 }, { arbitrary: cost, weight: 3 }, transferEnded, {
    arbitrary: cash,
    weight: 12,
  }),
  tenantId: fc.constantFrom(UNASSIGNED, ...TENANTS),
  books: fc.constant('platform'),
});

export const move: fc.Arbitrary<Told> = fc
  .record({
    kind: fc.constantFrom<StreamKind>('call', 'chat', 'payment', 'invoice', 'payout'),
    id: externalId,
    to: fc.constantFrom(...TENANTS),
  })
  .map(({ kind, id, to }) => ({
    event: {
      type: 'StreamTenantMoved',
      stream: streamOf(kind, id),
      occurredAt: '2026-11-03T00:00:00.000Z',
      data: { from: UNASSIGNED, to, reason: 'a person said so' },
    },
    tenantId: to,
    books: 'platform',
  }));

const assignment: fc.Arbitrary<Told> = fc
  .record({
    tenantId: fc.constantFrom(...TENANTS),
    planId: fc.constantFrom(...PLANS.map((plan) => plan.planId)),
    validFrom: time,
    reprice: fc.boolean(),
  })
  .map(({ tenantId, planId, validFrom, reprice }) => ({
    event: {
      type: 'PricePlanAssigned',
      stream: { kind: 'tenant-plan', mode: 'live', externalId: tenantId },
      occurredAt: '2026-11-03T00:00:00.000Z',
      data: { planId, tenantId, validFrom, reprice },
    },
    tenantId,
    books: 'platform',
  }));

const rateSet: fc.Arbitrary<Told> = fc
  .record({
    meter: fc.constantFrom('call_seconds', 'chats'),
    filters: fc.constantFrom<Partial<EventData<'CostRateSet'>>>(
      {},
      {},
      { direction: 'inbound' },
      { direction: 'outbound', channel: 'phone_call' },
      { account: 'account_1' },
      { account: 'account_2' },
      { unit: 'second' },
    ),
    currency,
    unitCost: fc.constantFrom('0', '0.00123', '2', '0.0000000000000000000001'),
    validFrom: time,
    validTo: fc.option(fc.constant('2026-11-01T00:15:00.000Z'), { nil: undefined }),
    reprice: fc.boolean(),
  })
  .filter(({ validFrom, validTo }) => validTo === undefined || validFrom < validTo)
  .map(({ filters, validTo, ...rate }) => ({
    event: {
      type: 'CostRateSet',
      stream: { kind: 'cost-rate', mode: 'live', externalId: `${rate.meter}/${JSON.stringify(filters)}` },
      occurredAt: '2026-11-03T00:00:00.000Z',
      data: { provider: 'retell', ...filters, ...rate, ...(validTo === undefined ? {} : { validTo }) },
    },
    tenantId: UNASSIGNED,
    books: 'platform',
  }));

/** Transactions of one to four events over a few things, so that their reports meet; some move, some change prices and rates. */
export const history: fc.Arbitrary<History> = fc.array(
  fc.oneof(
    { arbitrary: fc.array(reported, { minLength: 1, maxLength: 4 }), weight: 8 },
    { arbitrary: fc.tuple(reported, move, reported).map((told) => [...told]), weight: 1 },
    { arbitrary: move.map((told) => [told]), weight: 1 },
    { arbitrary: assignment.map((told) => [told]), weight: 2 },
    { arbitrary: rateSet.map((told) => [told]), weight: 2 },
  ),
  { minLength: 1, maxLength: 25 },
);
