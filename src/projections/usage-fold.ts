import type { KnownCostRate } from '../domain/cost-rates.ts';
import { effectiveCostRate, estimateCost } from '../domain/cost-rates.ts';
import { parseDecimal } from '../domain/decimal.ts';
import type { RecordedEvent } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import type { ReportOrder } from '../domain/facts.ts';
import { compareReports } from '../domain/facts.ts';
import type { PricePlan } from '../domain/pricing.ts';
import { decides, rate } from '../domain/rate-fact.ts';
import type { Priceable } from '../domain/rate-fact.ts';
import { greatestWithout, readCostReport } from './cost-report.ts';
import type { CostReport } from './cost-report.ts';
import type { Contribution } from './differences.ts';
import { differences } from './differences.ts';
import type { PricePlans } from './price-plans.ts';
import { effectivePlan } from './price-plans.ts';
import type { UsageEstimate, UsageFact, UsagePrice } from './usage-fact.ts';
import { isSameUsage, readUsageReport, UNPRICED } from './usage-fact.ts';

export type UsageCause = 'fact' | 'superseded' | 'retired' | 'tenant-moved' | 're-rated' | 're-estimated' | 'final';
export type UsageMeasure = 'facts' | 'quantity' | 'cost' | 'rated' | 'unpriced' | 'uncosted';
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
  /** `aggregate`: rated with its month, by this component of the plan; the line carries no amount. */
  pricedBy: 'fact' | 'aggregate' | null;
  /** Index in the plan's components. */
  componentNo: string | null;
  /** Of the cost on the line; without one it means nothing. */
  costStatus: 'estimated' | 'final';
  /** Of the event that set the rate of an estimate. */
  ratePosition: string | null;
}>;
export type UsageLine = Contribution<UsageBucket, UsageMeasure> & Readonly<{ factKey: string; cause: UsageCause }>;

/** What facts are priced and their cost is estimated by; either may run ahead of the event that is being folded. */
export type UsagePricing = Readonly<{ plans: PricePlans; rates: readonly KnownCostRate[] }>;

/** What was said of the cost of a thing, by the event that is being folded too. */
export type StreamCosts = Readonly<{ hasCost: boolean; costReports: readonly CostReport[] }>;

export type UsageStep = Readonly<{ fact: UsageFact | undefined; lines: readonly UsageLine[] }>;

/**
 * What an event makes of one fact: of the fact that it reports, of each usage of the stream that it reports a cost of, of
 * each fact of the stream that it moves, of the tenant that it gives a plan to, or of the meter that it sets a rate of.
 * What an event says a thing cost in all retires each cost fact of its stream that it leaves out.
 */
export function foldUsage(
  pricing: UsagePricing,
  before: UsageFact | undefined,
  event: RecordedEvent,
  { hasCost, costReports }: StreamCosts = { hasCost: false, costReports: [] },
): UsageStep {
  switch (event.type) {
    case 'StreamTenantMoved': {
      if (before === undefined) return { fact: before, lines: [] };
      const { to } = readEventData('StreamTenantMoved', event.schemaVersion, event.data);
      const tenantSince = to === before.tenantId ? before.tenantSince : event.position;
      return change(pricing, before, { ...before, tenantId: to, tenantSince }, event, 'tenant-moved');
    }
    case 'PricePlanAssigned':
      return before === undefined ? { fact: before, lines: [] } : change(pricing, before, before, event, 're-rated');
    case 'CostRateSet':
      return before === undefined
        ? { fact: before, lines: [] }
        : change(pricing, before, before, event, 're-estimated');
    default:
      if (before === undefined || event.fact?.key === before.factKey) {
        return foldReport(pricing, before, event, { hasCost, costReports });
      }
      return before.kind === 'cost'
        ? foldCostReport(pricing, before, event)
        : // A cost, which the usage in its stream was waiting for.
          change(pricing, before, { ...before, isCostFinal: true }, event, 'final');
  }
}

/** A report of the whole cost, for a cost fact that it leaves out: like one that it is nothing. */
function foldCostReport(pricing: UsagePricing, before: UsageFact, event: RecordedEvent): UsageStep {
  const report = readCostReport(event);
  if (report === undefined) return { fact: before, lines: [] };
  const differingReports = before.differingReports + (isNoCost(before) ? 0 : 1);
  if (compareReports(orderOf(report), orderOf(before)) <= 0)
    return { fact: { ...before, differingReports }, lines: [] };
  return change(pricing, before, { ...retired(before, report), differingReports }, event, 'retired');
}

/** Where it counted stays as it was, so that one line takes out what one put in. */
function retired(fact: UsageFact, { rank, providerTime, position, eventId }: CostReport): UsageFact {
  const cost = fact.cost && { ...fact.cost, amount: '0' };
  return { ...fact, rank, providerTime, position, eventId, cost, isRetired: true };
}

function isNoCost({ cost }: UsageFact): boolean {
  return parseDecimal(cost?.amount ?? '0').units === 0n;
}

function foldReport(
  pricing: UsagePricing,
  before: UsageFact | undefined,
  event: RecordedEvent,
  { hasCost, costReports }: StreamCosts,
): UsageStep {
  const report = readUsageReport(event);
  if (report === undefined) return { fact: before, lines: [] };
  const reported = { ...report, isCostFinal: report.isCostFinal || hasCost };
  if (before === undefined) {
    const fact = reported.kind === 'cost' ? retiredFromTheStart(reported, costReports) : reported;
    return change(pricing, undefined, fact, event, 'fact');
  }

  const differingReports = before.differingReports + (isSameUsage(before, reported) ? 0 : 1);
  if (compareReports(orderOf(reported), orderOf(before)) <= 0)
    return before.isCostFinal === reported.isCostFinal
      ? { fact: { ...before, differingReports }, lines: [] }
      : change(pricing, before, { ...before, differingReports, isCostFinal: true }, event, 'final');
  // The thing keeps the tenant that it has: only a move changes it, and the move is an event of its own.
  const { tenantId, tenantSince, firstPosition } = before;
  const after = { ...reported, tenantId, tenantSince, firstPosition, differingReports };
  return change(pricing, before, after, event, 'superseded');
}

/** A report of the whole cost may have left it out before it was ever told. */
function retiredFromTheStart(reported: UsageFact, costReports: readonly CostReport[]): UsageFact {
  const without = greatestWithout(costReports, reported.factKey);
  if (without === undefined) return reported;
  const fact = { ...reported, differingReports: isNoCost(reported) ? 0 : 1 };
  return compareReports(orderOf(without), orderOf(reported)) > 0 ? retired(fact, without) : fact;
}

function change(
  pricing: UsagePricing,
  before: UsageFact | undefined,
  unpriced: UsageFact,
  event: RecordedEvent,
  cause: UsageCause,
): UsageStep {
  const fact = price(pricing, unpriced, event.position);
  const lines = [
    ...differences(before && contribution(before), contribution(fact)),
    ...differences(before && estimated(before), estimated(fact)),
  ];
  return { fact, lines: lines.map((line) => ({ ...line, factKey: fact.factKey, cause })) };
}

function price({ plans, rates }: UsagePricing, fact: UsageFact, asOf: bigint): UsageFact {
  const priced = (what: Priceable) =>
    priceBy(
      effectivePlan(plans, fact, asOf, (plan) => decides(plan, what)),
      what,
    );
  const costRate =
    fact.kind === 'cost' || fact.isCostFinal || fact.quantity === null
      ? undefined
      : effectiveCostRate(rates, fact, asOf);
  return {
    ...fact,
    ...priced(priceable(fact)),
    estimate: costRate === undefined ? null : estimate(fact, costRate, priced),
  };
}

function estimate(
  { provider, meter, quantity }: UsageFact,
  costRate: KnownCostRate,
  priced: (what: Priceable) => UsagePrice,
): UsageEstimate {
  const cost = estimateCost(costRate, quantity ?? '0');
  return { cost, ratePosition: costRate.position, ...priced({ kind: 'cost', provider, meter, cost }) };
}

function priceBy(plan: PricePlan | undefined, what: Priceable): UsagePrice {
  const rating = plan && rate(plan, what);
  if (plan === undefined || rating === undefined) return UNPRICED;
  const { by: pricedBy, componentNo } = rating;
  return { rated: rating.by === 'fact' ? rating.amount : null, planId: plan.planId, pricedBy, componentNo };
}

function priceable({ kind, provider, meter, direction, channel, quantity, cost }: UsageFact): Priceable {
  return {
    kind,
    provider,
    meter,
    direction,
    channel,
    ...(quantity === null ? {} : { quantity }),
    ...(cost === null ? {} : { cost }),
  };
}

function contribution(fact: UsageFact): Contribution<UsageBucket, UsageMeasure> | undefined {
  if (fact.isRetired) return undefined;
  const { kind, quantity, cost, rated, pricedBy } = fact;
  return {
    bucket: {
      kind,
      ...place(fact),
      costCurrency: cost?.currency ?? '',
      ...pricePlace(fact),
      costStatus: 'final',
      ratePosition: null,
    },
    measures: {
      facts: '1',
      quantity: quantity ?? '0',
      cost: cost?.amount ?? '0',
      rated: rated?.amount ?? '0',
      // A cost without a markup is not passed on; usage without a price is money that nobody asks for.
      unpriced: kind === 'usage' && pricedBy === null ? '1' : '0',
      uncosted: kind === 'usage' && !fact.isCostFinal && fact.estimate === null ? '1' : '0',
    },
  };
}

/** What the estimate adds: a cost beside the usage, whose component is the meter. */
function estimated(fact: UsageFact): Contribution<UsageBucket, UsageMeasure> | undefined {
  if (fact.estimate === null) return undefined;
  const { cost, rated, ratePosition } = fact.estimate;
  return {
    bucket: {
      kind: 'cost',
      ...place(fact),
      costCurrency: cost.currency,
      ...pricePlace(fact.estimate),
      costStatus: 'estimated',
      ratePosition: String(ratePosition),
    },
    measures: {
      facts: '1',
      quantity: fact.quantity ?? '0',
      cost: cost.amount,
      rated: rated?.amount ?? '0',
      unpriced: '0',
      uncosted: '0',
    },
  };
}

function place({ tenantId, provider, mode, books, meter, unit, occurredAt }: UsageFact) {
  return { tenantId, provider, mode, books, meter, unit, occurredAt: occurredAt.toISOString() };
}

function pricePlace({ rated, planId, pricedBy, componentNo }: UsagePrice) {
  const ratedCurrency = rated?.currency ?? '';
  return { ratedCurrency, planId, pricedBy, componentNo: componentNo === null ? null : String(componentNo) };
}

function orderOf({ rank, providerTime, position }: Pick<UsageFact, 'rank' | 'providerTime' | 'position'>): ReportOrder {
  return { rank, providerTimeMs: providerTime.getTime(), position };
}
