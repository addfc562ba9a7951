import type { RecordedEvent, RecordedFact } from '../domain/envelope.ts';
import { compareReports } from '../domain/facts.ts';

/** Where one event stands among the reports of its fact, in a form that survives JSON. */
export type Report = Readonly<{
  rank: number;
  providerTime: string;
  position: string;
  /** When the thing that it reports happened. */
  occurredAt: string;
}>;

export function reportOf(event: RecordedEvent, fact: RecordedFact): Report {
  return {
    rank: fact.rank,
    providerTime: fact.providerTime.toISOString(),
    position: String(event.position),
    occurredAt: event.occurredAt.toISOString(),
  };
}

/** The greater of two reports of one fact. */
export function greaterReport<R extends Report>(a: R | undefined, b: R): R {
  return a !== undefined && compareStoredReports(a, b) > 0 ? a : b;
}

export function compareStoredReports(a: Report, b: Report): number {
  return compareReports(orderOf(a), orderOf(b));
}

function orderOf({ rank, providerTime, position }: Report) {
  return { rank, providerTimeMs: Date.parse(providerTime), position: BigInt(position) };
}
