import type { RecordedEvent } from '../domain/envelope.ts';
import type { PricePlans } from './price-plans.ts';
import { foldOne } from './projection.ts';
import type { UsageFact } from './usage-fact.ts';
import type { UsageLine } from './usage-fold.ts';
import { foldUsage } from './usage-fold.ts';

/** A line with its place: the event that caused it, and its number among that event's lines. */
export type NumberedUsageLine = Readonly<{ event: RecordedEvent; lineNo: number; line: UsageLine }>;

export type UsageChanges = Readonly<{ facts: readonly UsageFact[]; lines: readonly NumberedUsageLine[] }>;

/**
 * Folds events in order, each into the facts that it touches; `loaded` holds all of those that there are already.
 * Lines of an event are numbered from `firstLineNo`.
 */
export function foldUsageEvents(
  plans: PricePlans,
  loaded: readonly UsageFact[],
  events: readonly RecordedEvent[],
  firstLineNo = 1,
): UsageChanges {
  const facts = new Map(loaded.map((fact) => [fact.factKey, fact]));
  const changed = new Map<string, UsageFact>();
  const lines: NumberedUsageLine[] = [];
  for (const event of events) {
    let lineNo = firstLineNo;
    for (const factKey of factsTouched(event, facts)) {
      const step = foldOne(event, () => foldUsage(plans, facts.get(factKey), event));
      for (const line of step.lines) {
        lines.push({ event, lineNo, line });
        lineNo += 1;
      }
      // A report always changes its fact (its winner, its differing reports); a move or a new price only if it shows.
      if (step.fact === undefined || (event.fact === undefined && step.lines.length === 0)) continue;
      facts.set(factKey, step.fact);
      changed.set(factKey, step.fact);
    }
  }
  return { facts: [...changed.values()], lines };
}

/** In an order of its own, by time and key: lines are numbered by it, and the same events must give the same numbers. */
function factsTouched(event: RecordedEvent, facts: ReadonlyMap<string, UsageFact>): readonly string[] {
  if (event.fact !== undefined) return [event.fact.key];
  return [...facts.values()]
    .filter((fact) => isTouched(fact, event))
    .toSorted((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime() || (a.factKey < b.factKey ? -1 : 1))
    .map(({ factKey }) => factKey);
}

function isTouched(fact: UsageFact, event: RecordedEvent): boolean {
  switch (event.type) {
    case 'StreamTenantMoved':
      return fact.streamKey === event.streamKey;
    case 'PricePlanAssigned':
      return fact.tenantId === event.tenantId;
    default:
      return false;
  }
}
