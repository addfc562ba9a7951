import type { RecordedEvent } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import type { ReportOrder } from '../domain/facts.ts';
import { compareReports } from '../domain/facts.ts';
import type { Priceable } from '../domain/pricing.ts';
import { rate } from '../domain/pricing.ts';
import type { Contribution } from './differences.ts';
import { differences } from './differences.ts';
import type { PricePlans } from './price-plans.ts';
import { effectivePlan } from './price-plans.ts';
import type { UsageFact } from './usage-fact.ts';
import { isSameUsage, readUsageReport } from './usage-fact.ts';

export type UsageCause = 'fact' | 'superseded' | 'tenant-moved' | 're-rated';
export type UsageMeasure = 'facts' | 'quantity' | 'cost' | 'rated' | 'unpriced';
export type UsageBucket = Readonly<{
  kind: string;
  tenantId: string;
  provider: string;
  mode: string;
  books: string;
  meter: string;
  unit: string;
  occurredAt: string;
  /** Empty where the line carries no cost. */
  costCurrency: string;
  /** Empty where the line carries no price. */
  ratedCurrency: string;
  planId: string | null;
}>;
export type UsageLine = Contribution<UsageBucket, UsageMeasure> & Readonly<{ factKey: string; cause: UsageCause }>;

export type UsageStep = Readonly<{ fact: UsageFact | undefined; lines: readonly UsageLine[] }>;

/**
 * What an event makes of one fact: of the fact that it reports, of each fact of the stream that it moves, or of each
 * fact of the tenant that it gives a plan to.
 */
export function foldUsage(plans: PricePlans, before: UsageFact | undefined, event: RecordedEvent): UsageStep {
  switch (event.type) {
    case 'StreamTenantMoved': {
      if (before === undefined) return { fact: before, lines: [] };
      const { to } = readEventData('StreamTenantMoved', event.schemaVersion, event.data);
      return change(plans, before, { ...before, tenantId: to }, event, 'tenant-moved');
    }
    case 'PricePlanAssigned':
      return before === undefined ? { fact: before, lines: [] } : change(plans, before, before, event, 're-rated');
    default:
      return foldReport(plans, before, event);
  }
}

function foldReport(plans: PricePlans, before: UsageFact | undefined, event: RecordedEvent): UsageStep {
  const reported = readUsageReport(event);
  if (reported === undefined) return { fact: before, lines: [] };
  if (before === undefined) return change(plans, undefined, reported, event, 'fact');

  const differingReports = before.differingReports + (isSameUsage(before, reported) ? 0 : 1);
  if (compareReports(orderOf(reported), orderOf(before)) <= 0)
    return { fact: { ...before, differingReports }, lines: [] };
  // The thing keeps the tenant that it has: only a move changes it, and the move is an event of its own.
  return change(plans, before, { ...reported, tenantId: before.tenantId, differingReports }, event, 'superseded');
}

function change(
  plans: PricePlans,
  before: UsageFact | undefined,
  unpriced: UsageFact,
  event: RecordedEvent,
  cause: UsageCause,
): UsageStep {
  const fact = price(plans, unpriced, event.position);
  const lines = differences(before && contribution(before), contribution(fact));
  return { fact, lines: lines.map((line) => ({ ...line, factKey: fact.factKey, cause })) };
}

function price(plans: PricePlans, fact: UsageFact, asOf: bigint): UsageFact {
  const plan = effectivePlan(plans, fact.tenantId, fact.occurredAt, asOf);
  const rated = plan && rate(plan, priceable(fact));
  return { ...fact, rated: rated ?? null, planId: rated === undefined ? null : (plan?.planId ?? null) };
}

function priceable({ kind, provider, meter, quantity, cost }: UsageFact): Priceable {
  return {
    kind,
    provider,
    meter,
    ...(quantity === null ? {} : { quantity }),
    ...(cost === null ? {} : { cost }),
  };
}

function contribution(fact: UsageFact): Contribution<UsageBucket, UsageMeasure> {
  const { kind, tenantId, provider, mode, books, meter, unit, quantity, cost, rated, planId } = fact;
  return {
    bucket: {
      kind,
      tenantId,
      provider,
      mode,
      books,
      meter,
      unit,
      occurredAt: fact.occurredAt.toISOString(),
      costCurrency: cost?.currency ?? '',
      ratedCurrency: rated?.currency ?? '',
      planId,
    },
    measures: {
      facts: '1',
      quantity: quantity ?? '0',
      cost: cost?.amount ?? '0',
      rated: rated?.amount ?? '0',
      // A cost without a markup is not passed on; usage without a price is money that nobody asks for.
      unpriced: kind === 'usage' && rated === null ? '1' : '0',
    },
  };
}

function orderOf({ rank, providerTime, position }: UsageFact): ReportOrder {
  return { rank, providerTimeMs: providerTime.getTime(), position };
}
