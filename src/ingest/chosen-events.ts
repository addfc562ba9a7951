import type { NewEvent } from '../domain/envelope.ts';
import type { DomainEvent, EventType } from '../domain/events.ts';
import { catalogue, readEventData } from '../domain/events.ts';
import type { Fact, FactKind } from '../domain/facts.ts';

export type Report = Pick<NewEvent, 'event' | 'tenantId'>;

/** Beyond every rank of a type: what a person decided, no later report knows better. */
const DECIDED = 1_000;

/**
 * Facts whose rank only says who knows their value best. The rank of the others (an invoice, a refund) follows a life:
 * there the chosen report takes the place of the one that it replaces, so that a later state (voided, failed) still
 * wins.
 */
const VALUES: readonly FactKind[] = ['usage', 'cost', 'payment', 'failure'];

/**
 * What makes the figures those of a chosen body: its own events, as reports that win over `standing`, and for each fact
 * that stands and that the body does not report, a report of nothing. `ranks`: the highest of each fact in the log.
 */
export function chosenEvents(deps: {
  own: readonly Report[];
  standing: readonly Report[];
  ranks: ReadonlyMap<string, number>;
}): readonly Report[] {
  const { own, standing, ranks } = deps;
  const replaced = lastByFact(standing);
  const reported = lastByFact(own);
  const withdrawn = [...replaced.values()]
    .filter(({ event }) => event.fact !== undefined && !reported.has(event.fact.key))
    .map(({ event, tenantId }) => ({ tenantId, event: withdraw(event.type, event) }));
  return [...withdrawn, ...own].map(({ event, tenantId }) => {
    const { fact } = event;
    if (fact === undefined) return { event, tenantId };
    const before = replaced.get(fact.key)?.event.fact;
    return { tenantId, event: { ...event, fact: winning(fact, before, ranks.get(fact.key)) } };
  });
}

function winning(fact: Fact, before: Fact | undefined, highestRank = fact.rank): Fact {
  if (VALUES.includes(fact.kind)) return { ...fact, rank: Math.max(fact.rank, highestRank) + DECIDED };
  if (before === undefined) return fact;
  const isEarlier = Date.parse(fact.providerTime) < Date.parse(before.providerTime);
  return {
    ...fact,
    rank: Math.max(fact.rank, before.rank),
    // Equal in both, the later position wins.
    providerTime: isEarlier ? before.providerTime : fact.providerTime,
  };
}

function lastByFact(reports: readonly Report[]): ReadonlyMap<string, Report> {
  return new Map(
    reports.flatMap((report) => (report.event.fact === undefined ? [] : [[report.event.fact.key, report] as const])),
  );
}

const AMOUNTS = ['amount', 'total', 'net', 'tax', 'paid'];

/** The same report, of nothing: a fold reads its money from the fact or from the data. */
function withdraw<T extends EventType>(type: T, { stream, occurredAt, data, fact }: DomainEvent): DomainEvent<T> {
  const emptied = Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, AMOUNTS.includes(name) ? '0' : value]),
  );
  return {
    type,
    stream,
    occurredAt,
    data: readEventData(type, catalogue[type].version, emptied),
    ...(fact === undefined ? {} : { fact: ofNothing(fact) }),
  };
}

function ofNothing(fact: Fact): Fact {
  return {
    ...fact,
    ...(fact.quantity === undefined ? {} : { quantity: '0' }),
    ...(fact.amount === undefined ? {} : { amount: '0' }),
  };
}
