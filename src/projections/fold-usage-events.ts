import type { RecordedEvent } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import type { CostReport } from './cost-report.ts';
import { readCostReport } from './cost-report.ts';
import { foldOne } from './projection.ts';
import type { UsageFact } from './usage-fact.ts';
import type { UsageLine, UsagePricing } from './usage-fold.ts';
import { foldUsage } from './usage-fold.ts';

/** A line with its place: the event that caused it, and its number among that event's lines. */
export type NumberedUsageLine = Readonly<{ event: RecordedEvent; lineNo: number; line: UsageLine }>;

export type UsageChanges = Readonly<{
  facts: readonly UsageFact[];
  lines: readonly NumberedUsageLine[];
  costReports: readonly CostReport[];
}>;

/**
 * Folds events in order, each into the facts that it touches; `loaded` holds all of those that there are already, and
 * all facts and cost reports of the streams in which an event reports one. Lines of an event are numbered from `firstLineNo`.
 */
export function foldUsageEvents(
  pricing: UsagePricing,
  loaded: readonly UsageFact[],
  events: readonly RecordedEvent[],
  firstLineNo = 1,
  loadedReports: readonly CostReport[] = [],
): UsageChanges {
  const facts = new Map<string, UsageFact>();
  const keysByStream = new Map<string, Set<string>>();
  const keep = (fact: UsageFact): void => {
    facts.set(fact.factKey, fact);
    keysByStream.set(fact.streamKey, (keysByStream.get(fact.streamKey) ?? new Set()).add(fact.factKey));
  };
  const ofStream = (streamKey: string): readonly UsageFact[] =>
    [...(keysByStream.get(streamKey) ?? [])].map((key) => facts.get(key)).filter((fact) => fact !== undefined);
  loaded.forEach(keep);

  const reportsByStream = Map.groupBy(loadedReports, ({ streamKey }) => streamKey);
  const costReports: CostReport[] = [];
  const changed = new Map<string, UsageFact>();
  const lines: NumberedUsageLine[] = [];
  for (const event of events) {
    let lineNo = firstLineNo;
    const inStream = ofStream(event.streamKey);
    const report = foldOne(event, () => readCostReport(event));
    const reports = [...(reportsByStream.get(event.streamKey) ?? []), ...(report === undefined ? [] : [report])];
    if (report !== undefined) {
      reportsByStream.set(event.streamKey, reports);
      costReports.push(report);
    }
    const hasCost = reports.length > 0 || inStream.some(({ kind }) => kind === 'cost');
    for (const factKey of foldOne(event, () => factsTouched(event, report, inStream, facts))) {
      const before = facts.get(factKey);
      const step = foldOne(event, () => foldUsage(pricing, before, event, { hasCost, costReports: reports }));
      for (const line of step.lines) {
        lines.push({ event, lineNo, line });
        lineNo += 1;
      }
      // A report always changes its fact (its winner, its differing reports); whatever else only if it shows, or if it
      // moves a fact that counts nothing by now.
      const isReport = event.fact?.key === factKey || report !== undefined;
      const isMoved = step.fact?.tenantId !== before?.tenantId;
      if (step.fact === undefined || (!isReport && !isMoved && step.lines.length === 0)) continue;
      keep(step.fact);
      changed.set(factKey, step.fact);
    }
  }
  return { facts: [...changed.values()], lines, costReports };
}

/**
 * In an order of its own, the reported fact first, then by time and key: lines are numbered by it, and the same events
 * must give the same numbers.
 */
function factsTouched(
  event: RecordedEvent,
  report: CostReport | undefined,
  inStream: readonly UsageFact[],
  facts: ReadonlyMap<string, UsageFact>,
): readonly string[] {
  switch (event.type) {
    case 'StreamTenantMoved':
      return inOrder(inStream);
    case 'PricePlanAssigned':
      return inOrder([...facts.values()].filter(({ tenantId }) => tenantId === event.tenantId));
    case 'CostRateSet': {
      const { provider, meter } = readEventData('CostRateSet', event.schemaVersion, event.data);
      return inOrder([...facts.values()].filter((fact) => fact.provider === provider && fact.meter === meter));
    }
    default: {
      const own = event.fact === undefined ? [] : [event.fact.key];
      const tellsCost = event.fact?.kind === 'cost' || report !== undefined;
      const waiting = inStream.filter((fact) => tellsCost && !fact.isCostFinal && !own.includes(fact.factKey));
      const leftOut = inStream.filter(
        ({ kind, factKey }) => kind === 'cost' && report !== undefined && !report.factKeys.includes(factKey),
      );
      return [...own, ...inOrder(waiting), ...inOrder(leftOut)];
    }
  }
}

function inOrder(facts: readonly UsageFact[]): readonly string[] {
  return facts
    .toSorted((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime() || (a.factKey < b.factKey ? -1 : 1))
    .map(({ factKey }) => factKey);
}
