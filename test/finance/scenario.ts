import type { Pool } from '../../src/platform/postgres.ts';
import { setJobs } from './scenario-jobs.ts';
import { call, failed, payment, setReadModels } from './scenario-read-models.ts';
import { appendRows, createTenants, insertRows, uuid } from './seed.ts';
import type { EventSeed } from './seed.ts';

/** Ids of the webhooks that `setScenario` makes. */
export const webhooks = {
  call: uuid(101),
  payment: uuid(102),
  failedPayment: uuid(103),
  unmapped: uuid(104),
  quarantined: uuid(105),
  unassigned: uuid(106),
  conflict: uuid(107),
  fresh: uuid(108),
  charge: uuid(109),
};

/**
 * Two tenants with a webhook of each kind: a call with its costs, a payment with a refund, a failed payment whose
 * notification died, the charge that reports the payment again, one that nothing maps, one of the wrong mode, one without a tenant, one in conflict, and one that
 * nothing has handled yet. The models stand at 90, the log at 95.
 */
export async function setScenario(adminPool: Pool): Promise<void> {
  await createTenants(adminPool, ['tnt_a', 'tnt_b']);
  await insertRows(adminPool, 'webhooks', [
    webhook(14, webhooks.call, { provider_event_id: 'call_analyzed/call_7f3e', provider_type: 'call_analyzed' }),
    webhook(24, webhooks.payment, {
      ...stripe,
      provider_event_id: 'evt_1PxQ',
      provider_type: 'payment_intent.succeeded',
    }),
    webhook(25, webhooks.charge, { ...stripe, provider_event_id: 'evt_1PxC', provider_type: 'charge.succeeded' }),
    webhook(34, webhooks.failedPayment, {
      ...stripe,
      tenant_id: 'tnt_b',
      provider_event_id: 'evt_1PxR',
      provider_type: 'payment_intent.payment_failed',
    }),
    webhook(44, webhooks.unmapped, {
      ...stripe,
      tenant_id: 'unassigned',
      status: 'unmapped',
      provider_event_id: 'evt_1PxS',
      provider_type: 'treasury.flow.imagined',
      detail: 'treasury.flow.imagined is no event type that Stripe documents.',
    }),
    webhook(46, webhooks.quarantined, {
      ...stripe,
      tenant_id: 'unassigned',
      status: 'quarantined',
      provider_event_id: 'evt_1PxT',
      provider_type: 'invoice.paid',
      detail: 'The event is of test mode, the source of live mode.',
    }),
    webhook(54, webhooks.unassigned, {
      tenant_id: 'unassigned',
      status: 'unassigned',
      provider_event_id: 'call_ended/call_9a01',
      provider_type: 'call_ended',
    }),
    webhook(56, webhooks.conflict, {
      ...stripe,
      status: 'conflict',
      tenant_id: 'unassigned',
      provider_event_id: 'evt_1PxQ',
      provider_type: 'payment_intent.succeeded',
    }),
    webhook(94, webhooks.fresh, { provider_event_id: 'call_ended/call_b002', provider_type: 'call_ended' }),
  ]);
  await appendRows(adminPool, {
    events: [
      ...callEvents,
      ...paymentEvents,
      event(31, webhooks.failedPayment, {
        ...stripeEvent(failed, 'pi_3PxR'),
        type: 'PaymentFailed',
        tenant_id: 'tnt_b',
        fact_key: `${failed}#failure/ch_1`,
        fact_kind: 'failure',
        fact_rank: 20,
        provider_time: '2026-03-10T11:00:00Z',
        meter: 'failure',
        unit: 'attempt',
        quantity: '1',
        amount: '80',
        currency: 'EUR',
        data: { amount: '80', currency: 'EUR', failureCode: 'card_declined' },
      }),
      event(33, null, {
        ...stripeEvent(failed, 'pi_3PxR'),
        type: 'NotificationRequested',
        tenant_id: 'tnt_b',
        version: 2,
        correlation_id: uuid(1_000_103),
        causation_id: uuid(31),
      }),
      event(51, webhooks.unassigned, {
        stream_key: 'call/retell/org_acme/live/call_9a01',
        external_id: 'call_9a01',
        tenant_id: 'unassigned',
        ...usageFact('call/retell/org_acme/live/call_9a01', '45'),
      }),
      event(91, webhooks.fresh, {
        stream_key: 'call/retell/org_acme/live/call_b002',
        external_id: 'call_b002',
        ...usageFact('call/retell/org_acme/live/call_b002', '30'),
      }),
    ],
    outbox: [
      ...[11, 12, 13].map((position) => outbox(position, 'analytics-events')),
      outbox(11, 'ingress-events'),
      outbox(21, 'analytics-events'),
      outbox(21, 'ingress-events'),
      outbox(31, 'ingress-events', { tenant_id: 'tnt_b', event_type: 'PaymentFailed' }),
      outbox(33, 'notifications', { tenant_id: 'tnt_b', event_type: 'NotificationRequested' }),
      outbox(91, 'ingress-events'),
      outbox(91, 'analytics-events'),
    ],
  });
  await setJobs(adminPool);
  await setReadModels(adminPool);
  await insertRows(adminPool, 'webhook_duplicates', [
    { webhook_id: webhooks.call, source_id: 'src_retell', tenant_id: 'tnt_a', received_at: '2026-03-10T10:03:00Z' },
    { webhook_id: webhooks.call, source_id: 'src_retell', tenant_id: 'tnt_a', received_at: '2026-03-10T10:08:00Z' },
  ]);
  await insertRows(adminPool, 'conflicts', [
    {
      key_hash: Buffer.from('key'),
      content_hash: Buffer.from('other'),
      webhook_id: webhooks.conflict,
      first_webhook_id: webhooks.payment,
      recorded_at: '2026-03-10T12:00:00Z',
    },
  ]);
}

const stripe = {
  provider: 'stripe',
  account: 'acct_acme',
  source_id: 'src_stripe',
  url: '/webhooks/stripe/src_stripe',
};

function webhook(position: number, id: string, columns: Record<string, unknown>): Record<string, unknown> {
  const body = JSON.stringify({ id: columns['provider_event_id'], customer_email: 'ada@example.com' });
  return {
    position,
    id,
    source_id: 'src_retell',
    provider: 'retell',
    account: 'org_acme',
    mode: 'live',
    books: 'platform',
    tenant_id: 'tnt_a',
    status: 'accepted',
    method: 'POST',
    url: '/webhooks/retell/src_retell?token=very-secret',
    headers: JSON.stringify({ 'content-type': ['application/json'], 'x-signature': ['v=1,d=abc'] }),
    body: Buffer.from(body),
    content_hash: Buffer.from('hash'),
    received_at: `2026-03-10T10:${String(position % 60).padStart(2, '0')}:00Z`,
    recorded_at: `2026-03-10T10:${String(position % 60).padStart(2, '0')}:00.012Z`,
    ...columns,
  };
}

function event(position: number, webhookId: string | null, columns: Record<string, unknown>): EventSeed {
  return {
    position,
    webhook_id: webhookId,
    correlation_id: webhookId === null ? uuid(1_000_000 + position) : webhookId.replace('-8000-000000', '-8000-000001'),
    account: 'org_acme',
    ...columns,
  };
}

function usageFact(streamKey: string, quantity: string): Record<string, unknown> {
  return {
    fact_key: `${streamKey}#call_seconds`,
    fact_kind: 'usage',
    fact_rank: 10,
    provider_time: '2026-03-10T10:05:00Z',
    meter: 'call_seconds',
    unit: 'second',
    quantity,
    data: { durationMs: Number(quantity) * 1_000 },
  };
}

function costFact(component: string, amount: string): Record<string, unknown> {
  return {
    type: 'CallCostReported',
    fact_key: `${call}#cost/${component}`,
    fact_kind: 'cost',
    fact_rank: 20,
    provider_time: '2026-03-10T10:05:00Z',
    meter: component,
    unit: 'call',
    quantity: '1',
    amount,
    currency: 'USD',
    data: { component, isTransferLeg: false, amount, currency: 'USD' },
  };
}

const callStream = { stream_key: call, external_id: 'call_7f3e', occurred_at: '2026-03-10T10:00:00Z' };
const callEvents: readonly EventSeed[] = [
  event(11, webhooks.call, {
    ...callStream,
    ...usageFact(call, '120'),
    type: 'CallAnalyzed',
    personal: { summary: 'Ada asked for an appointment.' },
  }),
  event(12, webhooks.call, { ...callStream, ...costFact('llm', '0.0421'), version: 2 }),
  event(13, webhooks.call, { ...callStream, ...costFact('tts', '0.0140'), version: 3 }),
];

function stripeEvent(streamKey: string, externalId: string): Record<string, unknown> {
  return {
    provider: 'stripe',
    account: 'acct_acme',
    stream_key: streamKey,
    stream_kind: 'payment',
    external_id: externalId,
    source_id: 'src_stripe',
    occurred_at: '2026-03-10T11:00:00Z',
  };
}

function paymentFact(rank: number): Record<string, unknown> {
  return {
    type: 'PaymentSucceeded',
    fact_key: `${payment}#payment`,
    fact_kind: 'payment',
    fact_rank: rank,
    provider_time: '2026-03-10T11:00:00Z',
    meter: 'payment',
    unit: 'payment',
    quantity: '1',
    amount: '150.00',
    currency: 'EUR',
    data: { amount: '150', currency: 'EUR' },
  };
}

const paymentEvents: readonly EventSeed[] = [
  event(21, webhooks.payment, { ...stripeEvent(payment, 'pi_3PxQ'), ...paymentFact(20) }),
  // The charge of the same payment: a lower report, which adds no line.
  event(22, webhooks.charge, { ...stripeEvent(payment, 'pi_3PxQ'), ...paymentFact(10), version: 2 }),
  event(23, null, {
    ...stripeEvent(payment, 'pi_3PxQ'),
    type: 'RefundReported',
    version: 3,
    occurred_at: '2026-03-20T09:00:00Z',
    fact_key: `${payment}#refund/re_1`,
    fact_kind: 'refund',
    fact_rank: 20,
    provider_time: '2026-03-20T09:00:00Z',
    meter: 'refund',
    unit: 'refund',
    quantity: '1',
    amount: '30',
    currency: 'EUR',
    data: { refundId: 're_1', amount: '30', currency: 'EUR', status: 'succeeded' },
  }),
];

const EVENT_TYPES: Readonly<Record<number, string>> = {
  11: 'CallAnalyzed',
  12: 'CallCostReported',
  13: 'CallCostReported',
  21: 'PaymentSucceeded',
};

function outbox(position: number, queue: string, columns: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    position,
    queue,
    tenant_id: 'tnt_a',
    target_position: position,
    event_id: uuid(position),
    event_type: EVENT_TYPES[position] ?? 'CallEnded',
    ...columns,
  };
}
