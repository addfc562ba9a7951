import type { Stream } from './stream.ts';
import { streamKey } from './stream.ts';

export const FACT_KINDS = ['usage', 'cost', 'billed', 'credit', 'payment', 'refund', 'failure', 'dispute'] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/**
 * A billable fact as one webhook reports it. Several webhooks may report the same fact (equal key); it counts once,
 * with the values of the greatest report.
 */
export type Fact = Readonly<{
  key: string;
  kind: FactKind;
  /** Of the reporting type: the type that knows better has the greater rank. */
  rank: number;
  /** The provider's clock, ISO 8601. */
  providerTime: string;
  /** What is measured: a meter (`call_seconds`) or, for a cost, the component (`llm`). */
  meter: string;
  unit: string;
  /** Decimal string. */
  quantity?: string;
  /** Decimal string, in `currency`. */
  amount?: string;
  currency?: string;
}>;

/** A fact lives in one stream, its home, so that one fold sees all its reports in order. */
export function factKey(home: Stream, name: string): string {
  return `${streamKey(home)}#${name}`;
}

export type ReportOrder = Readonly<{ rank: number; providerTimeMs: number; position: bigint }>;

/** Positive when `a` is the greater report: by rank, then provider's time, then position. Never 0 for two events. */
export function compareReports(a: ReportOrder, b: ReportOrder): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.providerTimeMs !== b.providerTimeMs) return a.providerTimeMs - b.providerTimeMs;
  return a.position < b.position ? -1 : a.position > b.position ? 1 : 0;
}
