import { FIXED_COST_CATEGORIES } from '../domain/finance-schemas.ts';
import type { Mode } from '../domain/stream.ts';
import type { AsOf } from './as-of.ts';
import type { Basis } from './basis.ts';
import { linesInRange } from './periods/lines-in-range.ts';
import type { Model } from './read-models.ts';
import { tableOf } from './read-models.ts';
import type { Range } from './time-range.ts';

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

/** Sums serve the present; lines serve every position. Both give the same figures where both may be used. */
export type UsageSource = Readonly<{ model: Model; from: 'sums' | 'lines' | 'booked lines' }>;

const BUCKET_MS = 15 * 60_000;

/** Sums, where the answer stands where the model stands and every bound lies on a 15-minute bucket's. */
export function chooseUsageSource(model: Model, asOf: AsOf, bounds: readonly Date[], basis?: Basis): UsageSource {
  // Sums do not know which of their lines were late.
  if (basis === 'booked') return { model, from: 'booked lines' };
  const isCurrent = asOf.position === model.position;
  return { model, from: isCurrent && bounds.every((bound) => bound.getTime() % BUCKET_MS === 0) ? 'sums' : 'lines' };
}

/**
 * A sub-select of usage and cost, whose parameters $1 to $7 are `usageValues(filter)`. Only the platform's own books
 * count as money.
 */
export function usageSelect({ model, from }: UsageSource): string {
  if (from === 'booked lines') {
    const table = tableOf('usage_lines', model);
    return `
    select tenant_id, provider, kind, meter, unit, at, facts, quantity, cost, cost_currency, rated, rated_currency,
      unpriced, uncosted, cost_status, 1 as lines
    from ${linesInRange({ table, time: 'occurred_at', where: OURS, basis: 'booked' })} booked`;
  }
  const [time, lines, table, bound] =
    from === 'sums'
      ? (['bucket', 'line_count', 'usage_sums', '$4::bigint is not null'] as const)
      : (['occurred_at', '1', 'usage_lines', 'position <= $4::bigint'] as const);
  return `
    select tenant_id, provider, kind, meter, unit, ${time} as at, facts, quantity, cost, cost_currency, rated,
      rated_currency, unpriced, uncosted, cost_status, ${lines} as lines
    from ${tableOf(table, model)}
    where ${scopeOf(time)} and ${bound}`;
}

/** A sub-select of the lines of usage, each with the fact that it is of. Its parameters are those of `usageSelect`. */
export function usageLineSelect(model: Model): string {
  return `
    select tenant_id, provider, meter, unit, occurred_at, fact_key, position, facts, quantity, rated, rated_currency,
      unpriced, uncosted
    from ${tableOf('usage_lines', model)}
    where ${scopeOf('occurred_at')} and position <= $4::bigint and kind = 'usage'`;
}

function scopeOf(time: string): string {
  return `${time} >= $2::timestamptz and ${time} < $3::timestamptz and ${OURS}`;
}

const OURS = `mode = $1::text and books = 'platform'
      and ($5::text[] is null or tenant_id = any ($5::text[]))
      and ($6::text[] is null or provider = any ($6::text[]))
      and ($7::text[] is null or meter = any ($7::text[]))`;

export function usageValues({ mode, range, asOf, tenantIds, providers, meters }: FigureFilter): unknown[] {
  return [mode, range.from, range.to, String(asOf.position), tenantIds ?? null, providers ?? null, meters ?? null];
}
