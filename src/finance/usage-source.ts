import { FIXED_COST_CATEGORIES } from '../domain/finance-schemas.ts';
import type { Mode } from '../domain/stream.ts';
import type { AsOf } from './as-of.ts';
import type { Basis } from './basis.ts';
import type { Model } from './read-models.ts';
import { tableOf } from './read-models.ts';
import type { Range } from './time-range.ts';
import { usageRows } from './usage-rows.ts';
import type { UsageSource } from './usage-rows.ts';

export type { UsageSource };

/** `final`: the provider's own figure; `estimated`: by a cost rate, until the provider reports one. */
export const COST_STATUSES = ['estimated', 'final'] as const;
export type CostStatus = (typeof COST_STATUSES)[number];

/** Charge categories of FOCUS: `usage` is what webhooks tell or rates estimate, the others are fixed costs. */
export const COST_CATEGORIES = ['usage', ...FIXED_COST_CATEGORIES] as const;
export type CostCategory = (typeof COST_CATEGORIES)[number];

/** Which figures are asked for. A list that is left out does not filter. */
export type FigureFilter = Readonly<{
  mode: Mode;
  /** By which time figures count; by service when left out. */
  basis?: Basis | undefined;
  range: Range;
  asOf: AsOf;
  tenantIds?: readonly string[] | undefined;
  providers?: readonly string[] | undefined;
  meters?: readonly string[] | undefined;
  currency?: string | undefined;
  /** Of costs only. */
  costStatus?: CostStatus | undefined;
  /** Of costs only. */
  categories?: readonly CostCategory[] | undefined;
}>;

const BUCKET_MS = 15 * 60_000;
const DAY_MS = 86_400_000;

/**
 * Days of UTC, where every bound is the beginning of one; sums, where the answer stands where the model stands. By booked
 * period, lines: the others do not know which of theirs were late.
 */
export function chooseUsageSource(model: Model, asOf: AsOf, bounds: readonly Date[], basis?: Basis): UsageSource {
  if (basis === 'booked') return { model, from: 'booked_lines' };
  const isCurrent = asOf.position === model.position;
  const areAll = (lengthMs: number): boolean => bounds.every((bound) => bound.getTime() % lengthMs === 0);
  if (areAll(DAY_MS)) return { model, from: isCurrent ? 'days' : 'past_days' };
  return { model, from: isCurrent && areAll(BUCKET_MS) ? 'sums' : 'lines' };
}

/**
 * A sub-select of usage and cost, whose parameters $1 to $7 are `usageValues(filter)`. Only the platform's own books
 * count as money. `tenants`: SQL of an array to be asked for instead of the filter's.
 */
export function usageSelect(source: UsageSource, tenants?: string): string {
  return usageRows(source, {
    scope: (at) => scopeOf(at, tenants),
    ours: oursOf(tenants),
    position: '$4::bigint',
  });
}

/** A sub-select of the lines of usage, each with the fact that it is of. Its parameters are those of `usageSelect`. */
export function usageLineSelect(model: Model): string {
  return `
    select tenant_id, provider, meter, unit, occurred_at, fact_key, position, facts, quantity, rated, rated_currency,
      unpriced, uncosted
    from ${tableOf('usage_lines', model)}
    where ${scopeOf('occurred_at')} and position <= $4::bigint and kind = 'usage'`;
}

function scopeOf(time: string, tenants?: string): string {
  return `${time} >= $2::timestamptz and ${time} < $3::timestamptz and ${oursOf(tenants)}`;
}

function oursOf(tenants = '$5::text[]'): string {
  return `mode = $1::text and books = 'platform'
      and (${tenants} is null or tenant_id = any (${tenants}))
      and ($6::text[] is null or provider = any ($6::text[]))
      and ($7::text[] is null or meter = any ($7::text[]))`;
}

export function usageValues({ mode, range, asOf, tenantIds, providers, meters }: FigureFilter): unknown[] {
  return [mode, range.from, range.to, String(asOf.position), tenantIds ?? null, providers ?? null, meters ?? null];
}
