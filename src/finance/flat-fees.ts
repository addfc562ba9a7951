import type { Tx } from '../platform/postgres.ts';
import type { FigureFilter } from './usage-source.ts';

/** One monthly fee, charged in full. The positions are those of the events that it comes of. */
export type FlatFee = Readonly<{
  tenantId: string;
  planId: string;
  chargedAt: Date;
  amount: string;
  currency: string;
  assignmentPosition: string;
  planPosition: string;
}>;

/**
 * The flat components of price plans within a range, as of a position.
 *
 * A plan that a tenant has is charged once for each calendar month (UTC): at the month's start, or where the plan was
 * assigned within the month, at the time from which it holds. The assignment that holds at an instant is the one with
 * the latest valid_from, among equals the one recorded last. Nothing is charged ahead: the time of the answer bounds
 * it. Fees do not come of webhooks; they are the same in live and test.
 */
export async function readFlatFees(
  tx: Tx,
  { range, asOf, tenantIds }: Pick<FigureFilter, 'range' | 'asOf' | 'tenantIds'>,
): Promise<readonly FlatFee[]> {
  const { rows } = await tx.query<FlatFee>(
    `with assignments as (
       select tenant_id, plan_id, valid_from, position
       from hookledger.price_plan_assignments
       where position <= $3::bigint and ($5::text[] is null or tenant_id = any ($5::text[]))
     ),
     instants as (
       select t.tenant_id, month as at
       from (select tenant_id, min(valid_from) as first from assignments group by tenant_id) t
       cross join lateral generate_series(
         date_trunc('month', greatest($1::timestamptz, t.first), 'UTC'), least($2::timestamptz, $4::timestamptz),
         interval '1 month', 'UTC') month
       union
       select tenant_id, valid_from from assignments where valid_from >= date_trunc('month', $1::timestamptz, 'UTC')
     ),
     charges as (
       -- From the start of the first month on, so that a plan that was charged before the range is not charged again.
       select distinct on (i.tenant_id, a.plan_id, date_trunc('month', i.at, 'UTC'))
         i.tenant_id, i.at, a.plan_id, a.position
       from instants i
       cross join lateral (
         select plan_id, position from assignments a
         where a.tenant_id = i.tenant_id and a.valid_from <= i.at
         order by a.valid_from desc, a.position desc limit 1
       ) a
       where i.at < $2::timestamptz and i.at <= $4::timestamptz
       order by i.tenant_id, a.plan_id, date_trunc('month', i.at, 'UTC'), i.at
     )
     select c.tenant_id as "tenantId", c.plan_id as "planId", c.at as "chargedAt",
       trim_scale(sum((component ->> 'amount')::numeric))::text as amount, p.currency,
       c.position as "assignmentPosition", p.position as "planPosition"
     from charges c
     join hookledger.price_plans p using (plan_id)
     cross join lateral jsonb_array_elements(p.components) component
     where c.at >= $1::timestamptz and component ->> 'kind' = 'flat'
     group by c.tenant_id, c.plan_id, c.at, p.currency, c.position, p.position
     order by c.tenant_id, c.at, c.plan_id`,
    [range.from, range.to, String(asOf.position), asOf.recordedAt, tenantIds ?? null],
  );
  return rows;
}
