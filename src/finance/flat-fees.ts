import type { Interval } from '../domain/pricing.ts';
import type { Tx } from '../platform/postgres.ts';
import type { FigureFilter } from './usage-source.ts';

/** A fee of one component of a plan, charged in full. The positions are those of the events that it comes of. */
export type FlatFee = Readonly<{
  tenantId: string;
  planId: string;
  /** Index in the plan's components. */
  componentNo: number;
  /** For people; `Monthly fee` where the plan gives it none. */
  name: string;
  interval: Interval;
  chargedAt: Date;
  amount: string;
  currency: string;
  assignmentPosition: string;
  planPosition: string;
}>;

/**
 * The flat and recurring components of price plans within a range, as of a position.
 *
 * A plan that a tenant has is charged once for each calendar interval (month, quarter, year; in `tz`, UTC when left out):
 * at its start, or where the plan begins to hold within it, then. The plan that holds at an instant is the one in force by
 * the assignments that were made by then: the one with the latest valid_from, among equals the one recorded last. An
 * assignment that was made later, for a time that had passed, takes over where none was made before, or if it says
 * `reprice`; else it begins to hold when it was made. Nothing is charged ahead: the time of the answer bounds it. Fees do
 * not come of webhooks; they are the same in live and test.
 */
export async function readFlatFees(
  tx: Tx,
  {
    range,
    asOf,
    tenantIds,
    tz = 'UTC',
  }: Pick<FigureFilter, 'range' | 'asOf' | 'tenantIds'> & Readonly<{ tz?: string | undefined }>,
): Promise<readonly FlatFee[]> {
  const { rows } = await tx.query<FlatFee>(
    `with assignments as (
       select tenant_id, plan_id, valid_from, position, reprice, assigned_at
       from hookledger.price_plan_assignments
       where position <= $3::bigint and ($5::text[] is null or tenant_id = any ($5::text[]))
     ),
     intervals as (
       select unit, step, date_trunc(unit, $1::timestamptz, $6::text) as since
       from (values ('month', interval '1 month'), ('quarter', interval '3 months'), ('year', interval '1 year')) u (unit, step)
     ),
     instants as (
       select t.tenant_id, unit, at
       from (select tenant_id, min(valid_from) as first from assignments group by tenant_id) t
       cross join intervals
       cross join lateral generate_series(
         greatest(since, date_trunc(unit, t.first, $6::text)), least($2::timestamptz, $4::timestamptz), step, $6::text) at
       union
       select tenant_id, unit, at
       from assignments
       cross join lateral (values (valid_from), (greatest(valid_from, assigned_at))) begins (at)
       join intervals on at >= since
     ),
     charges as (
       -- From the start of the first interval on, so that a plan that was charged before the range is not charged again.
       select distinct on (i.tenant_id, a.plan_id, i.unit, date_trunc(i.unit, i.at, $6::text))
         i.tenant_id, i.unit, i.at, a.plan_id, a.position
       from instants i
       cross join lateral (
         select plan_id, position
         from (
           select plan_id, position, is_decided or reprice as takes_over, row_number() over made as nth,
             valid_from >= coalesce(max(valid_from) over (made rows between unbounded preceding and 1 preceding),
               '-infinity') as is_in_force
           from (
             select *, assigned_at <= i.at as is_decided,
               case when assigned_at <= i.at then 0 else position end as decided_at
             from assignments a
             where a.tenant_id = i.tenant_id and a.valid_from <= i.at
           ) valid
           window made as (order by decided_at, valid_from, position)
         ) made
         where is_in_force
         order by takes_over desc, case when takes_over then -nth else nth end
         limit 1
       ) a
       where i.at < $2::timestamptz and i.at <= $4::timestamptz
       order by i.tenant_id, a.plan_id, i.unit, date_trunc(i.unit, i.at, $6::text), i.at
     )
     select c.tenant_id as "tenantId", c.plan_id as "planId", (nth - 1)::integer as "componentNo",
       coalesce(component ->> 'name', 'Monthly fee') as name, c.unit as interval, c.at as "chargedAt",
       trim_scale((component ->> 'amount')::numeric)::text as amount, p.currency,
       c.position as "assignmentPosition", p.position as "planPosition"
     from charges c
     join hookledger.price_plans p using (plan_id)
     cross join lateral jsonb_array_elements(p.components) with ordinality priced (component, nth)
     where c.at >= $1::timestamptz
       and case component ->> 'kind'
         when 'flat' then c.unit = 'month'
         when 'recurring' then c.unit = component ->> 'interval'
         else false
       end
     order by c.tenant_id, c.at, c.plan_id, nth`,
    [range.from, range.to, String(asOf.position), asOf.recordedAt, tenantIds ?? null, tz],
  );
  return rows;
}
