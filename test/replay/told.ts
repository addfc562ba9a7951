import { factKey } from '../../src/domain/facts.ts';
import type { Stream } from '../../src/domain/stream.ts';
import { PLANS } from '../projections/history.ts';
import type { Told } from '../projections/history.ts';

const AT = '2026-11-02T09:00:00.000Z';

/** A call of a tenant that lasted so many seconds. */
export function endedCall(id: string, tenantId: string, quantity: string): Told {
  const stream: Stream = { kind: 'call', provider: 'retell', account: 'org_1', mode: 'live', externalId: id };
  const fact = {
    key: factKey(stream, 'call_seconds'),
    kind: 'usage' as const,
    rank: 10,
    providerTime: AT,
    meter: 'call_seconds',
    unit: 'second',
    quantity,
  };
  return { event: { type: 'CallEnded', stream, occurredAt: AT, data: {}, fact }, tenantId, books: 'platform' };
}

/** Gives the tenant the first plan of the log, for all that it ever used. */
export function plan(tenantId: string): Told {
  const stream: Stream = { kind: 'tenant-plan', mode: 'live', externalId: tenantId };
  const data = { planId: PLANS[0]?.planId ?? '', tenantId, validFrom: '2026-01-01T00:00:00.000Z', reprice: false };
  return { event: { type: 'PricePlanAssigned', stream, occurredAt: AT, data }, tenantId, books: 'platform' };
}
