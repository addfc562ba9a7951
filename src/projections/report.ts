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

/**
 * What an event reports of a thing that its data names. Events recorded before such things were facts carry none: they
 * are told apart by the name that their fact would have.
 */
export function namedReportOf(
  event: RecordedEvent,
  { name, rank }: Readonly<{ name: string; rank: number }>,
): Readonly<{ key: string; report: Report }> {
  if (event.fact !== undefined) return { key: event.fact.key, report: reportOf(event, event.fact) };
  const occurredAt = event.occurredAt.toISOString();
  const report = { rank, providerTime: occurredAt, position: String(event.position), occurredAt };
  return { key: `${event.streamKey}#${name}`, report };
}

/** The greater of two reports of one fact. */
export function greaterReport<R extends Report>(a: R | undefined, b: R): R {
  return a !== undefined && compareStoredReports(a, b) > 0 ? a : b;
}

export function earlierTime(a: string | undefined, b: string): string {
  return a !== undefined && Date.parse(a) <= Date.parse(b) ? a : b;
}

export function compareStoredReports(a: Report, b: Report): number {
  return compareReports(orderOf(a), orderOf(b));
}

function orderOf({ rank, providerTime, position }: Report) {
  return { rank, providerTimeMs: Date.parse(providerTime), position: BigInt(position) };
}
