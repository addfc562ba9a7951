import type { Pool } from '../../src/platform/postgres.ts';
import { insertRows, setUsageLines, standAt, uuid } from './seed.ts';

export const call = 'call/retell/org_acme/live/call_7f3e';
export const payment = 'payment/stripe/acct_acme/live/pi_3PxQ';
export const failed = 'payment/stripe/acct_acme/live/pi_3PxR';

/** What the projections make of the scenario's events up to 90. */
export async function setReadModels(adminPool: Pool): Promise<void> {
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
      uncosted: 1,
    },
  ]);
  const fact = {
    stream_key: call,
    call_id: 'call_7f3e',
    tenant_id: 'tnt_a',
    provider: 'retell',
    mode: 'live',
    books: 'platform',
  };
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
      first_position: 11,
      tenant_since: 11,
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
