import type { Aggregation } from '../../domain/meters.ts';
import type { AsOf } from '../../finance/as-of.ts';
import type { Basis } from '../../finance/basis.ts';
import type { Pending } from '../../finance/pending.ts';
import type { Model } from '../../finance/read-models.ts';
import { furthestBehind } from '../../finance/read-models.ts';
import type { Window } from '../../finance/time-range.ts';
import { zonedTime } from '../../finance/zoned-time.ts';

export type Meta = Readonly<{
  /** A bound that is left out is none. */
  range: Readonly<{ from?: Date | undefined; to?: Date | undefined }>;
  tz: string;
  window: Window;
  /** Of quantities, where there is a choice. */
  aggregation?: Aggregation;
  /** By service when left out: where there is no choice. */
  basis?: Basis;
  asOf: AsOf;
  /** Of which models the answer is made. */
  models: readonly [Model, ...Model[]];
  pending: Pending;
  /** What only this answer has to say of itself. */
  members?: Readonly<Record<string, unknown>>;
  links: Readonly<Record<string, string>>;
}>;

/** The one shape of every answer about figures. */
export function envelope(parts: {
  data: readonly unknown[];
  totals: Readonly<Record<string, unknown>>;
  meta: Meta;
  nextCursor: string | undefined;
}): Record<string, unknown> {
  const { meta } = parts;
  const slowest = furthestBehind(meta.models);
  return {
    data: parts.data,
    totals: parts.totals,
    meta: {
      from: timeOrNull(meta.range.from, meta.tz),
      to: timeOrNull(meta.range.to, meta.tz),
      tz: meta.tz,
      window: meta.window,
      ...(meta.aggregation === undefined ? {} : { aggregation: meta.aggregation }),
      basis: meta.basis ?? 'service',
      as_of: { recorded_at: meta.asOf.recordedAt.toISOString(), position: String(meta.asOf.position) },
      projection: { name: slowest.name, version: slowest.version, lag_seconds: slowest.lagSeconds },
      pending: {
        unpriced_events: Number(meta.pending.unpricedEvents),
        uncosted_events: Number(meta.pending.uncostedEvents),
        conflicts: Number(meta.pending.conflicts),
        unmapped: Number(meta.pending.unmapped),
        unassigned: Number(meta.pending.unassigned),
      },
      ...meta.members,
      links: meta.links,
    },
    page: { next_cursor: parts.nextCursor ?? null },
  };
}

function timeOrNull(at: Date | undefined, tz: string): string | null {
  return at === undefined ? null : zonedTime(at, tz);
}
