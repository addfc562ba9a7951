import type { Decimal } from './decimal.ts';
import {
  addDecimals,
  compareDecimals,
  divideDecimals,
  formatDecimal,
  multiplyDecimals,
  parseDecimal,
  ZERO,
} from './decimal.ts';

/**
 * What the figure of a meter is made of, in one window and group and of one unit. The facts are those that count as of
 * the position that is asked for, each once, with the values of its greatest report; their place in time is `occurredAt`.
 *
 * - `sum`: the quantities, added; one that is not told adds nothing.
 * - `count`: how many facts.
 * - `unique`: of how many things (streams). A thing counts once however many windows or groups it has facts in, so this
 *   does not add up: a total is worked out over the whole range.
 * - `max`: the greatest quantity of one fact.
 * - `latest`: the quantity of the latest fact: what a gauge last stood at.
 * - `time_weighted`: the average level over the window. A quantity is a level that its thing holds from `occurredAt`
 *   until the next fact of the same tenant, provider, meter, unit and thing, also into later windows. Levels of several
 *   things are added; a thing counts as nothing until its first level. The average is the integral over the window,
 *   divided by its length, to 12 decimals, half away from zero. A window that is not over when the position was
 *   recorded ends then; one that has not begun has no average.
 *
 * The latest of facts is the one with the greatest (occurredAt, position, factKey). For the last three, a fact whose
 * quantity is not told says nothing: it is no candidate, and the level before it holds on. Where nothing is left, the
 * figure is null.
 */
export const AGGREGATIONS = ['sum', 'count', 'unique', 'max', 'latest', 'time_weighted'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** Figures of windows and groups add up to the figure of them all, so that kept sums can answer. */
export type AdditiveAggregation = Extract<Aggregation, 'sum' | 'count'>;

export function isAdditive(aggregation: Aggregation): aggregation is AdditiveAggregation {
  return aggregation === 'sum' || aggregation === 'count';
}

/** Digits behind the point of a time-weighted average. */
export const AVERAGE_SCALE = 12;

export type MeteredFact = Readonly<{
  factKey: string;
  streamKey: string;
  tenantId: string;
  provider: string;
  meter: string;
  unit: string;
  occurredAt: Date;
  /** Of the first line that put the fact where it counts: tenant, provider, meter, unit and time. */
  position: bigint;
  /** Decimal string; null where the report tells none. */
  quantity: string | null;
}>;

/** Half open. `recordedAt`: when the log had reached the position that is asked for. */
export type MeterWindow = Readonly<{ from: Date; to: Date; recordedAt: Date }>;

/**
 * The figure of one window. `facts` are those of one group and unit, whenever they occurred: a level may be from long
 * before the window. The reference: what SQL answers must equal it.
 */
export function aggregate(aggregation: Aggregation, facts: readonly MeteredFact[], window: MeterWindow): string | null {
  const inside = facts.filter(({ occurredAt }) => occurredAt >= window.from && occurredAt < window.to);
  switch (aggregation) {
    case 'sum':
      return formatDecimal(levelsOf(inside).reduce((sum, { level }) => addDecimals(sum, level), ZERO));
    case 'count':
      return String(inside.length);
    case 'unique':
      return String(new Set(inside.map(({ streamKey }) => streamKey)).size);
    case 'max':
      return formatted(
        levelsOf(inside)
          .map(({ level }) => level)
          .toSorted(compareDecimals)
          .at(-1),
      );
    case 'latest':
      return formatted(levelsOf(inside).at(-1)?.level);
    case 'time_weighted':
      return formatted(averageLevel(facts, window));
  }
}

type Level = Readonly<{ fact: MeteredFact; level: Decimal }>;

/** In order, those of facts that tell one. */
function levelsOf(facts: readonly MeteredFact[]): readonly Level[] {
  return facts
    .flatMap((fact) => (fact.quantity === null ? [] : [{ fact, level: parseDecimal(fact.quantity) }]))
    .toSorted((a, b) => compareFacts(a.fact, b.fact));
}

function compareFacts(a: MeteredFact, b: MeteredFact): number {
  if (a.occurredAt.getTime() !== b.occurredAt.getTime()) return a.occurredAt.getTime() - b.occurredAt.getTime();
  if (a.position !== b.position) return a.position < b.position ? -1 : 1;
  return a.factKey < b.factKey ? -1 : 1;
}

function averageLevel(facts: readonly MeteredFact[], { from, to, recordedAt }: MeterWindow): Decimal | undefined {
  const end = Math.min(to.getTime(), recordedAt.getTime());
  const levels = levelsOf(facts).filter(({ fact }) => fact.occurredAt.getTime() < end);
  if (end <= from.getTime() || levels.length === 0) return undefined;
  const areas = [...Map.groupBy(levels, gaugeOf).values()].flatMap((gauge) =>
    gauge.map(({ fact, level }, index) => {
      const since = Math.max(fact.occurredAt.getTime(), from.getTime());
      const until = gauge[index + 1]?.fact.occurredAt.getTime() ?? end;
      return multiplyDecimals(level, { units: BigInt(Math.max(0, until - since)), scale: 0 });
    }),
  );
  const length = { units: BigInt(end - from.getTime()), scale: 0 };
  return divideDecimals(areas.reduce(addDecimals, ZERO), length, AVERAGE_SCALE);
}

/** Whose level a fact sets. */
function gaugeOf({ fact: { tenantId, provider, meter, unit, streamKey } }: Level): string {
  return JSON.stringify([tenantId, provider, meter, unit, streamKey]);
}

function formatted(value: Decimal | undefined): string | null {
  return value === undefined ? null : formatDecimal(value);
}
