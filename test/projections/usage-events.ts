import type { KnownCostRate } from '../../src/domain/cost-rates.ts';
import type { RecordedEvent, RecordedFact } from '../../src/domain/envelope.ts';
import type { PricePlanComponent } from '../../src/domain/pricing.ts';
import type { PlanAssignment, PricePlans } from '../../src/projections/price-plans.ts';
import { at, recordedEvent } from './recorded-event.ts';

type FactOptions = Partial<RecordedFact> & { position: number; stream?: string; tenantId?: string; occurredAt?: Date };

/** CallEnded (rank 10) and CallAnalyzed (rank 20) report one and the same fact: how long the call was. */
export function seconds(type: 'CallEnded' | 'CallAnalyzed', quantity: string, options: FactOptions): RecordedEvent {
  const { position, stream = '1', tenantId, occurredAt, ...fact } = options;
  return recordedEvent(type, {
    position,
    kind: 'call',
    stream,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(occurredAt === undefined ? {} : { occurredAt }),
    fact: {
      key: `call/${stream}#call_seconds`,
      kind: 'usage',
      rank: type === 'CallEnded' ? 10 : 20,
      meter: 'call_seconds',
      unit: 'second',
      quantity,
      ...fact,
    },
    data: {},
  });
}

export function cost(amount: string, options: FactOptions): RecordedEvent {
  const { position, stream = '1', ...fact } = options;
  return recordedEvent('CallCostReported', {
    position,
    kind: 'call',
    stream,
    fact: {
      key: `call/${stream}#cost/llm`,
      kind: 'cost',
      meter: 'llm',
      unit: 'call',
      amount,
      currency: 'USD',
      ...fact,
    },
    data: { component: 'llm', isTransferLeg: false, amount, currency: 'USD' },
  });
}

export const moved = (position: number, to: string, stream = '1') =>
  recordedEvent('StreamTenantMoved', {
    position,
    kind: 'call',
    stream,
    tenantId: to,
    data: { from: 'A', to, reason: 'a person said so' },
  });

export const assignedPlan = (
  position: number,
  planId: string,
  { tenantId = 'A', validFrom = at('00:00'), reprice = false } = {},
) =>
  recordedEvent('PricePlanAssigned', {
    position,
    kind: 'tenant-plan',
    stream: tenantId,
    tenantId,
    data: { planId, tenantId, validFrom: validFrom.toISOString(), reprice },
  });

export const perSecond = (unitPrice: string): PricePlanComponent => ({
  kind: 'per_unit',
  meter: 'call_seconds',
  unitPrice,
});

export function assignment(position: number, components: PricePlanComponent[], options: Partial<PlanAssignment> = {}) {
  return {
    plan: { planId: `plan-${position}`, currency: 'USD', components },
    validFrom: at('00:00'),
    position: BigInt(position),
    reprice: false,
    ...options,
  };
}

export const noPlans: PricePlans = new Map();

export function costRate(position: number, unitCost: string, options: Partial<KnownCostRate> = {}): KnownCostRate {
  return {
    position: BigInt(position),
    provider: 'retell',
    account: null,
    meter: 'call_seconds',
    unit: null,
    direction: null,
    channel: null,
    currency: 'USD',
    unitCost,
    validFrom: at('00:00'),
    validTo: null,
    reprice: false,
    ...options,
  };
}

export const rateSet = (position: number, unitCost: string, { reprice = false } = {}) =>
  recordedEvent('CostRateSet', {
    position,
    kind: 'cost-rate',
    tenantId: 'unassigned',
    data: {
      provider: 'retell',
      meter: 'call_seconds',
      currency: 'USD',
      unitCost,
      validFrom: at('00:00').toISOString(),
      reprice,
    },
  });
