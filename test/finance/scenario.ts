import type { Pool } from '../../src/platform/postgres.ts';
import { appendRows, createTenants, insertRows, setUsageLines, standAt, uuid } from './seed.ts';
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

const call = 'call/retell/org_acme/live/call_7f3e';
const payment = 'payment/stripe/acct_acme/live/pi_3PxQ';
const failed = 'payment/stripe/acct_acme/live/pi_3PxR';

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

async function setJobs(adminPool: Pool): Promise<void> {
  await adminPool.query('update hookledger.lanes set published_position = 90');
  const ended: readonly [number, string, string, string][] = [
    [11, 'analytics-events', 'tnt_a', 'done'],
    [12, 'analytics-events', 'tnt_a', 'done'],
    [13, 'analytics-events', 'tnt_a', 'done'],
    [11, 'ingress-events', 'tnt_a', 'done'],
    [21, 'analytics-events', 'tnt_a', 'done'],
    [21, 'ingress-events', 'tnt_a', 'done'],
    [31, 'ingress-events', 'tnt_b', 'done'],
    [33, 'notifications', 'tnt_b', 'dead'],
  ];
  const job = ([position, queue, tenantId]: (typeof ended)[number]) => ({
    position,
    queue,
    replay_id: 'live',
    tenant_id: tenantId,
    generation: 0,
  });
  await insertRows(
    adminPool,
    'inbox',
    ended.map((row) => ({ ...job(row), outcome: row[3], ended_at: '2026-03-10T10:20:00Z' })),
  );
  await insertRows(
    adminPool,
    'job_attempts',
    ended.flatMap((row) => {
      const attempt = { ...job(row), transport: 'bullmq-redis', duration_ms: 12 };
      if (row[3] === 'done') return [{ ...attempt, attempt: 1, outcome: 'done', started_at: '2026-03-10T10:19:59Z' }];
      return [1, 2, 3].map((n) => ({
        ...attempt,
        attempt: n,
        outcome: n < 3 ? 'retry' : 'dead',
        detail: 'The mail server answered 451: try again later.',
        started_at: `2026-03-10T10:19:5${n}Z`,
      }));
    }),
  );
  await insertRows(adminPool, 'dead_letters', [
    {
      ...job([33, 'notifications', 'tnt_b', 'dead']),
      event_id: uuid(33),
      event_type: 'NotificationRequested',
      cause: 'attempts-exhausted',
      detail: 'The mail server answered 451: try again later.',
      attempts: 3,
    },
  ]);
}

async function setReadModels(adminPool: Pool): Promise<void> {
  await setUsageLines(adminPool, [
    {
      position: 11,
      eventId: uuid(11),
      factKey: `${call}#call_seconds`,
      occurredAt: '2026-03-10T10:00:00Z',
      quantity: '120',
      rated: '0.30',
      ratedCurrency: 'USD',
    },
    { ...costLine('llm', '0.0421'), position: 12, eventId: uuid(12) },
    { ...costLine('tts', '0.0140'), position: 13, eventId: uuid(13) },
    {
      position: 51,
      eventId: uuid(51),
      factKey: 'call/retell/org_acme/live/call_9a01#call_seconds',
      tenantId: 'unassigned',
      quantity: '45',
      unpriced: 1,
    },
  ]);
  const fact = { stream_key: call, tenant_id: 'tnt_a', provider: 'retell', mode: 'live', books: 'platform' };
  await insertRows(adminPool, 'usage_facts_v1', [
    {
      ...fact,
      fact_key: `${call}#call_seconds`,
      kind: 'usage',
      meter: 'call_seconds',
      unit: 'second',
      occurred_at: '2026-03-10T10:00:00Z',
      fact_rank: 20,
      provider_time: '2026-03-10T10:05:00Z',
      position: 11,
      event_id: uuid(11),
      quantity: '120',
    },
  ]);
  const paid = { tenant_id: 'tnt_a', provider: 'stripe', mode: 'live', books: 'platform' };
  await insertRows(adminPool, 'payment_lines_v1', [
    paymentLine(21, { kind: 'payment', settled_at: '2026-03-10T11:00:00Z', amount: '150' }),
    paymentLine(23, { kind: 'refund', settled_at: '2026-03-20T09:00:00Z', amount: '-30' }),
  ]);
  const row = {
    ...paid,
    stream_key: payment,
    payment_id: 'pi_3PxQ',
    account: 'acct_acme',
    amount: '150.00',
    currency: 'EUR',
    customer_id: 'cus_1',
    invoice_ids: ['in_1'],
    settled_at: '2026-03-10T11:00:00Z',
    failed_attempts: 0,
    differing_reports: 0,
    state: {},
  };
  await insertRows(adminPool, 'payments_v1', [
    { ...row, position: 21, event_id: uuid(21), status: 'succeeded', refunded: '0' },
    { ...row, position: 23, event_id: uuid(23), status: 'partially_refunded', refunded: '30' },
    {
      ...row,
      stream_key: failed,
      payment_id: 'pi_3PxR',
      tenant_id: 'tnt_b',
      position: 31,
      event_id: uuid(31),
      status: 'failed',
      amount: '80',
      refunded: '0',
      invoice_ids: [],
      settled_at: null,
      failed_attempts: 1,
      failure_code: 'card_declined',
    },
  ]);
  await standAt(adminPool, 90);
  await adminPool.query(`update hookledger.high_water_mark set position = 95, moved_at = clock_timestamp()`);
}

function costLine(component: string, cost: string) {
  return {
    factKey: `${call}#cost/${component}`,
    kind: 'cost' as const,
    meter: component,
    unit: 'call',
    occurredAt: '2026-03-10T10:00:00Z',
    quantity: '1',
    cost,
    costCurrency: 'USD',
  };
}

function paymentLine(position: number, columns: Record<string, unknown>): Record<string, unknown> {
  return {
    position,
    line_no: 0,
    stream_key: payment,
    event_id: uuid(position),
    tenant_id: 'tnt_a',
    provider: 'stripe',
    mode: 'live',
    books: 'platform',
    currency: 'EUR',
    ...columns,
  };
}
