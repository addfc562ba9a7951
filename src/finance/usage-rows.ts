import { linesInRange } from './periods/lines-in-range.ts';
import type { Model } from './read-models.ts';
import { tableOf } from './read-models.ts';

/**
 * Days and sums of 15 minutes serve the present, lines serve every position, and `past_days` too: days that were complete
 * by then, and lines of those that were not. All give the same figures where they may be used. `booked_lines` are those that
 * were booked in the range, instead of used in it.
 */
export type UsageSource = Readonly<{ model: Model; from: 'days' | 'past_days' | 'sums' | 'lines' | 'booked_lines' }>;

/** What is asked of each source alike: `scope` over its columns and `at`, the start of a day or bucket or the line's time. */
type Asked = Readonly<{
  scope: (at: string) => string;
  /** What `scope` says but for the time, for a source of booked lines; the range is from $2 to $3 then. */
  ours?: string;
  /** SQL of the position that the answer stands at. */
  position: string;
}>;

/** A sub-select of usage and cost. */
export function usageRows({ model, from }: UsageSource, { scope, ours, position }: Asked): string {
  switch (from) {
    case 'days':
    case 'past_days':
      return dayRows({ model, from }, { scope, position });
    case 'sums':
      return `
    select ${FIGURES}, bucket as at, line_count as lines from ${tableOf('usage_sums', model)}
    where ${scope('bucket')} and ${position} is not null`;
    case 'booked_lines': {
      if (ours === undefined) throw new Error('Booked lines were asked for without saying whose.');
      const lines = {
        table: tableOf('usage_lines', model),
        time: 'occurred_at',
        where: ours,
        basis: 'booked',
      } as const;
      return `
    select ${FIGURES}, at, 1 as lines from ${linesInRange(lines)} booked`;
    }
    case 'lines':
      return `
    select ${FIGURES}, occurred_at as at, 1 as lines from ${tableOf('usage_lines', model)}
    where ${scope('occurred_at')} and position <= ${position}`;
  }
}

type DaySource = Readonly<{ model: Model; from: 'days' | 'past_days' }>;

const FIGURES = `tenant_id, mode, books, provider, kind, meter, unit, facts, quantity, cost, cost_currency, rated, rated_currency, unpriced,
      uncosted, cost_status`;

/**
 * A sub-select of usage and cost with what prices it: (…, priced_by, plan_id, component_no), which are `''`, `''` and -1
 * where nothing does. `at` is the beginning of the day of UTC where the source is one of days, else the line's time.
 */
export function pricedRows({ model, from }: UsageSource, { scope, position }: Asked): string {
  return from === 'days' || from === 'past_days'
    ? dayRows({ model, from }, { scope, position })
    : `
    select ${FIGURES}, occurred_at as at, 1 as lines, ${PRICE_OF_LINE} from ${tableOf('usage_lines', model)}
    where ${scope('occurred_at')} and position <= ${position}`;
}

/** A row of a day that has lines above the position is made of those that are not. */
function dayRows({ model, from }: DaySource, { scope, position }: Asked): string {
  const days = tableOf('usage_days', model);
  const complete = `
    select ${FIGURES}, day as at, line_count as lines, priced_by, plan_id, component_no from ${days}
    where ${scope('day')} and max_position <= ${position}`;
  if (from === 'days') return complete;
  const same = DAY_KEY.map(([column, ofLine]) => `${ofLine} = d.${column}`).join(' and ');
  return `${complete}
    union all
    select * from (
      with begun as materialized (
        select * from ${days} where ${scope('day')} and min_position <= ${position} and max_position > ${position}
      )
      select d.tenant_id, d.mode, d.books, d.provider, d.kind, d.meter, d.unit, l.facts, l.quantity, l.cost, d.cost_currency, l.rated,
        d.rated_currency, l.unpriced, l.uncosted, d.cost_status, d.day as at, 1 as lines, d.priced_by, d.plan_id,
        d.component_no
      from (select distinct tenant_id, day from begun) t
      -- By the index, day by day: nobody knows beforehand that they are few, and a join would read every line.
      cross join lateral (
        select t.day, b.* from ${tableOf('usage_lines', model)} b
        where b.tenant_id = t.tenant_id and b.occurred_at >= t.day and b.occurred_at < t.day + interval '24 hours'
          and b.position <= ${position}
        offset 0
      ) l
      join begun d on d.day = l.day and ${same}
    ) of_lines`;
}

const PRICE_OF_LINE = `coalesce(priced_by, '') as priced_by, coalesce(plan_id, '') as plan_id,
      coalesce(component_no, -1) as component_no`;

/** What tells the rows of one day apart, and how a line says it. */
const DAY_KEY = [
  ...'tenant_id mode books provider kind meter unit cost_currency rated_currency cost_status'
    .split(' ')
    .map((column) => [column, `l.${column}`] as const),
  ['priced_by', `coalesce(l.priced_by, '')`],
  ['plan_id', `coalesce(l.plan_id, '')`],
  ['component_no', 'coalesce(l.component_no, -1)'],
] as const;
