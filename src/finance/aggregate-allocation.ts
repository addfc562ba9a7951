import { allocate } from '../domain/allocate.ts';
import type { Money } from '../domain/currency.ts';
import type { Decimal } from '../domain/decimal.ts';
import { addDecimals, formatDecimal, negateDecimal, parseDecimal, ZERO } from '../domain/decimal.ts';
import { isAggregate, pricePlanComponent } from '../domain/pricing.ts';
import { rateAggregate } from '../domain/rate-aggregate.ts';
import type { Tx } from '../platform/postgres.ts';
import type { Model } from './read-models.ts';
import { firstInstant } from './time-range.ts';
import type { Range } from './time-range.ts';
import { pricedRows } from './usage-rows.ts';
import { chooseUsageSource } from './usage-source.ts';
import type { FigureFilter } from './usage-source.ts';

/** The part of a month's charge that a day is given: by its share of what was used in the month, not a price of its own. */
export type AllocatedDay = Readonly<{
  tenantId: string;
  planId: string;
  componentNo: number;
  provider: string;
  meter: string;
  unit: string;
  /** The first moment of the day, in the zone that was asked for. */
  day: Date;
  quantity: string;
  allocated: Money;
}>;

export type AllocationQuery = Readonly<{
  model: Model;
  filter: Pick<FigureFilter, 'mode' | 'range' | 'asOf' | 'tenantIds'>;
  tz: string;
}>;

type MonthDay = Omit<AllocatedDay, 'allocated'> &
  Readonly<{ month: string; isAsked: boolean; component: unknown; currency: string }>;

/** Digits behind the point of a share. */
const SHARE_SCALE = 12;

/**
 * What usage that is rated by the month is charged (tiers, packages, included quantities), allocated to the days that begin
 * in the range by their quantities, by the largest remainder. Months are calendar months in `tz`, each rated as of the
 * position over all of its days, so that the days of a whole month add up to its charge exactly, and a day's share changes
 * while its month goes on. A day whose quantity goes against that of the month gets nothing.
 */
export async function readAggregateAllocation(tx: Tx, query: AllocationQuery): Promise<readonly AllocatedDay[]> {
  const days = await readMonthDays(tx, query);
  const months = Map.groupBy(days, ({ tenantId, planId, componentNo, unit, month }) =>
    JSON.stringify([tenantId, planId, componentNo, unit, month]),
  );
  return [...months.values()].flatMap(allocateMonth);
}

function allocateMonth(days: readonly MonthDay[]): readonly AllocatedDay[] {
  const quantities = days.map(({ quantity }) => parseDecimal(quantity));
  const whole = quantities.reduce(addDecimals, ZERO);
  const component = pricePlanComponent.parse(days[0]?.component);
  const charge = isAggregate(component) ? parseDecimal(rateAggregate(component, formatDecimal(whole)).exact) : ZERO;
  const shares = allocate(
    charge,
    days.map(({ day, provider }, index) => ({
      key: `${day.toISOString()} ${provider}`,
      weight: inDirectionOf(whole, quantities[index] ?? ZERO),
    })),
    SHARE_SCALE,
  );
  return days.flatMap(({ month: _month, isAsked, component: _component, currency, ...day }, index) => {
    const amount = formatDecimal(shares[index]?.amount ?? ZERO);
    return isAsked ? [{ ...day, allocated: { amount, currency } }] : [];
  });
}

/** What weighs in a month: the quantities that have its sign, without it. */
function inDirectionOf(whole: Decimal, quantity: Decimal): Decimal {
  const weight = whole.units < 0n ? negateDecimal(quantity) : quantity;
  return weight.units > 0n ? weight : ZERO;
}

/** Every day of every month that the range has a part of, by the provider and what the plan rates together. */
async function readMonthDays(tx: Tx, { model, filter, tz }: AllocationQuery): Promise<readonly MonthDay[]> {
  const { mode, range, asOf, tenantIds } = filter;
  // Days of another zone are no sums of days of UTC.
  const source = tz === 'UTC' ? chooseUsageSource(model, asOf, []) : { model, from: 'lines' as const };
  const priced = pricedRows(source, {
    scope: (at) => `priced_by = 'aggregate' and mode = $1::text and books = 'platform'
         and ($5::text[] is null or tenant_id = any ($5::text[]))
         -- A day more on both sides, for the index; months are those of the zone's clock.
         and ${at} >= date_trunc('month', $2::timestamptz, $6::text) - interval '1 day'
         and ${at} < date_trunc('month', $3::timestamptz, $6::text) + interval '1 month 1 day'
         and date_trunc('month', ${at} at time zone $6::text)
           between date_trunc('month', $2::timestamptz at time zone $6::text)
             and date_trunc('month', ($3::timestamptz - interval '1 microsecond') at time zone $6::text)`,
    position: '$4::bigint',
  });
  const { rows } = await tx.query<MonthDay>(
    `with day as (
       select tenant_id, plan_id, component_no, provider, meter, unit,
         date_trunc('day', at at time zone $6::text) as local, sum(quantity) as quantity
       from (${priced}) used
       group by 1, 2, 3, 4, 5, 6, 7
       having sum(quantity) <> 0
     ),
     begun as (select *, ${firstInstant('local', '$6::text')} as begins_at from day)
     select d.tenant_id as "tenantId", d.plan_id as "planId", d.component_no as "componentNo", d.provider, d.meter, d.unit,
       d.begins_at as day, trim_scale(d.quantity)::text as quantity, to_char(d.local, 'YYYY-MM') as month,
       d.begins_at >= $2::timestamptz and d.begins_at < $3::timestamptz as "isAsked",
       p.components -> d.component_no as component, p.currency
     from begun d
     join hookledger.price_plans p using (plan_id)
     order by d.tenant_id, d.local, d.plan_id, d.component_no, d.provider collate "C", d.unit collate "C"`,
    [mode, range.from, range.to, String(asOf.position), tenantIds ?? null, tz],
  );
  return rows;
}

/** Whether both bounds are the first moment of a day in the zone: only such a range has an allocation of its own. */
export async function isOfWholeDays(tx: Tx, { from, to }: Range, tz: string): Promise<boolean> {
  if (tz === 'UTC') return [from, to].every((bound) => bound.getTime() % 86_400_000 === 0);
  const { rows } = await tx.query<{ isWhole: boolean }>(
    `select bool_and(bound = ${firstInstant("date_trunc('day', bound at time zone $2::text)", '$2::text')}) as "isWhole"
     from unnest($1::timestamptz[]) bound`,
    [[from, to], tz],
  );
  return rows[0]?.isWhole === true;
}
