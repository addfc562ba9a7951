import type { Tx } from '../../src/platform/postgres.ts';

type DayRow = Readonly<{
  tenant_id: string;
  day: string;
  meter: string;
  quantity: string;
  amount: string;
  currency: string;
  status: 'final' | 'estimated';
}>;
type MoneyRow = Readonly<{ tenant_id: string; currency: string; amount: string }>;

export type Oracle = Readonly<{
  usage: readonly DayRow[];
  costs: readonly DayRow[];
  cost: readonly MoneyRow[];
  billed: readonly MoneyRow[];
  collected: readonly MoneyRow[];
}>;

/** The greatest report of each fact, under the tenant that its stream has now. Nothing of the projections is used. */
const FACTS = `
  with owner as (
    select distinct on (stream_key) stream_key, tenant_id from hookledger.events order by stream_key, version desc
  ), fact as (
    select distinct on (e.fact_key) e.stream_key, e.fact_kind, e.provider, e.meter, e.quantity, e.amount, e.currency, e.data,
      to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD') as day, o.tenant_id
    from hookledger.events e join owner o using (stream_key)
    where e.fact_key is not null and e.mode = 'test' and e.books = 'platform'
    order by e.fact_key, e.fact_rank desc, e.provider_time desc, e.position desc
  )`;

/** The provider's own costs; where a thing has none, its usage by the demo's one rate. */
const COSTS = `
  cost as (
    select tenant_id, day, meter, currency, amount, 'final' as status from fact where fact_kind = 'cost'
    union all
    select u.tenant_id, u.day, u.meter, r.data ->> 'currency', u.quantity * (r.data ->> 'unitCost')::numeric, 'estimated'
    from fact u
    join hookledger.events r on r.type = 'CostRateSet' and r.data ->> 'provider' = u.provider and r.data ->> 'meter' = u.meter
    where u.fact_kind = 'usage'
      and not exists (select from fact c where c.fact_kind = 'cost' and c.stream_key = u.stream_key)
  )`;

/** Reads every figure straight from the events, in one statement each. */
export async function readOracle(tx: Tx): Promise<Oracle> {
  const usage = await tx.query<DayRow>(
    `${FACTS} select tenant_id, day, meter, sum(quantity) as quantity from fact
     where fact_kind = 'usage' group by tenant_id, day, meter`,
  );
  const costs = await tx.query<DayRow>(
    `${FACTS}, ${COSTS} select tenant_id, day, meter, currency, status, sum(amount) as amount from cost
     group by tenant_id, day, meter, currency, status`,
  );
  const money = (condition: string, sign = '1') =>
    tx.query<MoneyRow>(
      `${FACTS} select tenant_id, currency, sum(amount * ${sign}) as amount from fact
       where ${condition} group by tenant_id, currency`,
    );
  return {
    usage: usage.rows,
    costs: costs.rows,
    cost: (
      await tx.query<MoneyRow>(
        `${FACTS}, ${COSTS} select tenant_id, currency, sum(amount) as amount from cost group by tenant_id, currency`,
      )
    ).rows,
    billed: (await money(`fact_kind = 'billed'`)).rows,
    // The demo's one refund is known by its own id; the total that its charge reports adds nothing to it.
    collected: (
      await money(
        `fact_kind = 'payment' or (fact_kind = 'refund' and data ? 'refundId')`,
        `(case fact_kind when 'payment' then 1 else -1 end)`,
      )
    ).rows,
  };
}
