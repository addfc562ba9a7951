import { pricedRows } from '../../src/finance/usage-rows.ts';
/**
 * The figures straight from the log, in plain SQL that shares nothing with the projections but the requirement. Each
 * takes the position up to which the log is read, and answers what the read model's lines up to there must add up to.
 */

/** What counts of each fact: its greatest report; the tenant is the one that its stream has in the end. */
const winners = `
  log as (select * from hookledger.events where position <= $1::bigint),
  home as (select distinct on (stream_key) stream_key, tenant_id from log order by stream_key, version desc),
  winner as (
    select * from (
      select l.*, h.tenant_id as owner,
        row_number() over (partition by fact_key order by fact_rank desc, provider_time desc, l.position desc) as place
      from log l join home h using (stream_key)
      where fact_key is not null
    ) report
    where place = 1
  )`;

/**
 * What counts of usage and cost, with its price. In force are, one after the other, the rates (of a usage) and assignments
 * (of anything) that were known when it came, as one, and those that were made since. The last of them that says reprice
 * begins, or what was known at first; of those in force from there on, the first that decides on it has it.
 */
const ratedUsage = `
  with ${winners},
  plan as (
    select d.data ->> 'planId' as plan_id, d.data ->> 'currency' as currency, c.component, c.nth - 1 as component_no
    from log d cross join lateral jsonb_array_elements(d.data -> 'components') with ordinality c (component, nth)
    where d.type = 'PricePlanDefined'
  ),
  assigned as (
    select data ->> 'tenantId' as tenant_id, data ->> 'planId' as plan_id, position,
      (data ->> 'validFrom')::timestamptz as valid_from, (data ->> 'reprice')::boolean as reprice
    from log where type = 'PricePlanAssigned'
  ),
  cost_rate as (
    select position, data ->> 'provider' as provider, data ->> 'account' as account, data ->> 'meter' as meter,
      data ->> 'unit' as unit, data ->> 'direction' as direction, data ->> 'channel' as channel,
      data ->> 'currency' as currency, (data ->> 'unitCost')::numeric as unit_cost,
      (data ->> 'validFrom')::timestamptz as valid_from, (data ->> 'validTo')::timestamptz as valid_to,
      (data ->> 'reprice')::boolean as reprice
    from log where type = 'CostRateSet'
  ),
  cost_report as (
    select stream_key, position, (data -> 'costReport' ->> 'rank')::integer as fact_rank,
      (data -> 'costReport' ->> 'providerTime')::timestamptz as provider_time, data -> 'costReport' -> 'factNames' as names
    from log where data -> 'costReport' is not null
  ),
  moved as (
    select stream_key, max(position) as position
    from (
      select stream_key, position, tenant_id <> lag(tenant_id) over (partition by stream_key order by version) as is_move
      from log
    ) l
    where is_move group by stream_key
  ),
  fact as (
    select w.*, 'final' as cost_status, first_position, greatest(first_position, moved.position) as tenant_since,
      w.fact_kind = 'usage'
        and not exists (select from winner c where c.stream_key = w.stream_key and c.fact_kind = 'cost')
        and not exists (select from cost_report r where r.stream_key = w.stream_key) as is_waiting
    from winner w
    join (select fact_key, min(position) as first_position from log group by fact_key) f using (fact_key)
    left join moved using (stream_key)
    where fact_kind in ('usage', 'cost')
      and not (fact_kind = 'cost' and exists (
        select from cost_report r
        where r.stream_key = w.stream_key
          and not r.names ? substr(w.fact_key, length(w.stream_key) + 2)
          and (r.fact_rank, r.provider_time, r.position) > (w.fact_rank, w.provider_time, w.position)))
  ),
  rate_in_force as (
    select f.*, t.at, t.reprice, r.position as rate_position, r.currency as rate_currency, r.unit_cost
    from fact f
    cross join lateral (
      select f.first_position as at, true as reprice
      union all
      select position, reprice from cost_rate where position > f.first_position
    ) t
    left join lateral (
      select * from (
        select distinct on (account, unit, direction, channel, valid_from) *
        from cost_rate r
        where r.position <= t.at and r.provider = f.provider and r.meter = f.meter
          and (r.account is null or r.account = f.account) and (r.unit is null or r.unit = f.unit)
          and (r.direction is null or r.direction = f.data ->> 'direction')
          and (r.channel is null or r.channel = f.data ->> 'channel')
        order by account, unit, direction, channel, valid_from, position desc
      ) r
      where r.valid_from <= f.occurred_at and (r.valid_to is null or f.occurred_at < r.valid_to)
      order by num_nonnulls(r.account, r.unit, r.direction, r.channel) desc, r.valid_from desc, r.position desc
      limit 1
    ) r on true
    where f.is_waiting
  ),
  estimate as (
    select distinct on (fact_key) *
    from (
      select *, max(at) filter (where reprice and is_change) over (partition by fact_key) as since
      from (
        select *, at = first_position
          or rate_position is distinct from lag(rate_position) over (partition by fact_key order by at) as is_change
        from rate_in_force
      ) i
    ) i
    where at >= since and rate_position is not null
    order by fact_key, at
  ),
  counted as (
    select row_number() over () as id, c.* from (
      select owner, mode, books, provider, fact_kind as kind, meter, unit, occurred_at, quantity, amount, currency,
        cost_status, is_waiting and not exists (select from estimate e where e.fact_key = fact.fact_key) as is_uncosted,
        tenant_since, data ->> 'direction' as direction, data ->> 'channel' as channel
      from fact
      union all
      select owner, mode, books, provider, 'cost', meter, unit, occurred_at, quantity, quantity * unit_cost,
        rate_currency, 'estimated', false, tenant_since, null, null
      from estimate
    ) c
  ),
  plan_in_force as (
    select w.id, w.kind, a.plan_id, a.nth, a.takes_over, c.component, c.component_no, c.plan_currency
    from counted w
    cross join lateral (
      select plan_id, takes_over, nth,
        valid_from >= coalesce(max(valid_from) over (order by nth rows between unbounded preceding and 1 preceding),
          '-infinity') as is_in_force
      from (
        select plan_id, valid_from, position <= w.tenant_since or reprice as takes_over,
          row_number() over (order by greatest(position, w.tenant_since), valid_from, position) as nth
        from assigned where tenant_id = w.owner and valid_from <= w.occurred_at
      ) valid
    ) a
    left join lateral (
      select p.component, p.component_no, p.currency as plan_currency
      from plan p
      where p.plan_id = a.plan_id and case
        when p.component ->> 'kind' in ('flat', 'minimum') then false
        when p.component ->> 'kind' = 'markup'
          then w.kind = 'cost' and coalesce(p.component ->> 'provider', w.provider) = w.provider
        else w.kind = 'usage' and p.component ->> 'meter' = w.meter
          and coalesce(p.component ->> 'provider' = w.provider, not p.component ? 'provider')
          and coalesce(p.component ->> 'direction' = w.direction, not p.component ? 'direction')
          and coalesce(p.component ->> 'channel' = w.channel, not p.component ? 'channel')
      end
      order by (select count(*) from jsonb_object_keys(p.component) k (name)
          where name in ('provider', 'direction', 'channel')) desc,
        p.component ? 'provider' desc, p.component ? 'direction' desc
      limit 1
    ) c on true
    where a.is_in_force
  ),
  priced as (
    select distinct on (id) *
    from (select *, max(nth) filter (where takes_over) over (partition by id) as since from plan_in_force) p
    where nth >= coalesce(since, 0) and (kind = 'cost' or component is not null)
    order by id, nth
  ),
  rated as (
    select w.*, p.component_no, case when p.component is not null then p.plan_id end as plan_id,
      case when p.component ->> 'kind' in ('per_unit', 'markup') then 'fact' when p.component is not null then 'aggregate' end as priced_by,
      case p.component ->> 'kind'
        when 'per_unit' then w.quantity * (p.component ->> 'unitPrice')::numeric
        when 'markup' then w.amount * (1 + (p.component ->> 'percent')::numeric * 0.01)
      end as rated,
      case p.component ->> 'kind' when 'per_unit' then p.plan_currency when 'markup' then w.currency end as rated_currency
    from counted w
    left join priced p using (id)
  )`;

export const usageOracle = oracleOf('plan_id, component_no::integer');
export const usageSumOracle = oracleOf('1::integer');

function oracleOf(place: string): string {
  return `${ratedUsage}
  select owner as tenant_id, mode, books, provider, kind, meter, unit,
    (occurred_at at time zone 'UTC')::date as day,
    coalesce(currency, '') as cost_currency, coalesce(rated_currency, '') as rated_currency, cost_status,
    coalesce(priced_by, '') as priced_by, ${place},
    count(*)::text as facts, trim_scale(coalesce(sum(quantity), 0))::text as quantity,
    trim_scale(coalesce(sum(amount), 0))::text as cost, trim_scale(coalesce(sum(rated), 0))::text as rated,
    (count(*) filter (where kind = 'usage' and priced_by is null))::text as unpriced,
    (count(*) filter (where is_uncosted))::text as uncosted
  from rated
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ${place}
  order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ${place}`;
}

export const usageLines = usageFigures(
  'hookledger.usage_lines_v1',
  'occurred_at',
  'position <= $1::bigint',
  'plan_id, component_no',
);
export const usageSums = usageFigures('hookledger.usage_sums_v1', 'bucket', '$1::bigint is not null', '1::integer');
/** As of any position, by what reports read. */
export const usageDays = usageFigures(
  `(select tenant_id, mode, books, provider, kind, meter, unit, at, cost_currency, rated_currency, cost_status, priced_by,
      nullif(plan_id, '') as plan_id, nullif(component_no, -1) as component_no, facts, quantity, cost, rated, unpriced,
      uncosted
    from (${pricedRows(
      { model: { name: 'usage', version: 1, position: 0n, lagSeconds: 0 }, from: 'past_days' },
      { scope: () => 'true', position: '$1::bigint' },
    )}) r) days`,
  'at',
  'true',
  'plan_id, component_no',
);

function usageFigures(table: string, time: string, condition: string, place: string): string {
  return `
    select tenant_id, mode, books, provider, kind, meter, unit, (${time} at time zone 'UTC')::date as day,
      cost_currency, rated_currency, cost_status, coalesce(priced_by, '') as priced_by, ${place},
      sum(facts)::text as facts, trim_scale(sum(quantity))::text as quantity, trim_scale(sum(cost))::text as cost,
      trim_scale(sum(rated))::text as rated, sum(unpriced)::text as unpriced,
      sum(uncosted)::text as uncosted
    from ${table} where ${condition}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ${place}
    having sum(facts) <> 0 or sum(quantity) <> 0 or sum(cost) <> 0 or sum(rated) <> 0 or sum(unpriced) <> 0
      or sum(uncosted) <> 0
    order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ${place}`;
}

export const collectedOracle = `
  with ${winners},
  refund as (select * from winner where type = 'RefundReported'),
  total as (
    select l.*, h.tenant_id as owner, l.data ->> 'chargeId' as charge,
      row_number() over refunded_so_far as nth, count(*) over (partition by l.stream_key, l.currency) as of_all
    from log l join home h using (stream_key)
    where l.type = 'RefundTotalReported'
    window refunded_so_far as (partition by l.stream_key, l.currency order by fact_rank, provider_time, l.position)
  ),
  excess as (
    select t.*, greatest(0, (
      select sum(latest.amount) from (
        select distinct on (s.charge) s.amount from total s
        where s.stream_key = t.stream_key and s.currency = t.currency and s.nth <= t.nth
        order by s.charge, s.nth desc
      ) latest
    ) - coalesce((
      select sum(r.amount) from refund r
      where r.stream_key = t.stream_key and r.currency = t.currency
        and (t.nth = t.of_all or r.occurred_at <= t.provider_time)
    ), 0)) as unlisted
    from total t
  ),
  dispute as (
    select l.*, h.tenant_id as owner from log l join home h using (stream_key) where l.fact_kind = 'dispute'
  ),
  moved as (
    select distinct on (d.fact_key, t ->> 'transactionId') d.owner, d.mode, d.books, d.provider, d.fact_key,
      (t ->> 'at')::timestamptz as at, (t ->> 'amount')::numeric as amount, (t ->> 'fee')::numeric as fee,
      t ->> 'currency' as currency
    from dispute d cross join lateral jsonb_array_elements(d.data -> 'transactions') t
    order by d.fact_key, t ->> 'transactionId', d.fact_rank desc, d.provider_time desc, d.position desc
  ),
  said as (
    select fact_key, data ->> 'funds' as funds, min(occurred_at) as at,
      case data ->> 'funds' when 'withdrawn' then -1 else 1 end as sign
    from dispute where data ? 'funds' group by 1, 2
  ),
  cash as (
    select owner, mode, books, provider, 'payment' as kind, occurred_at as settled_at, amount, currency
    from winner where type = 'PaymentSucceeded'
    union all
    select owner, mode, books, provider, 'dispute', at, amount, currency from moved
    union all
    select owner, mode, books, provider, 'fee', at, -fee, currency from moved
    union all
    select w.owner, w.mode, w.books, w.provider, 'dispute', s.at, s.sign * w.amount, w.currency
    from said s join winner w using (fact_key)
    where not exists (select from moved m where m.fact_key = s.fact_key and sign(m.amount) = s.sign)
    union all
    select owner, mode, books, provider, 'refund', occurred_at, -amount, currency
    from refund where data ->> 'status' in ('pending', 'succeeded')
    union all
    select owner, mode, books, provider, 'refund', provider_time,
      coalesce(lag(unlisted) over (partition by stream_key, currency order by nth), 0) - unlisted, currency
    from excess
  )
  select owner as tenant_id, mode, books, provider, kind, (settled_at at time zone 'UTC')::date as day, currency,
    trim_scale(sum(amount))::text as amount
  from cash
  group by 1, 2, 3, 4, 5, 6, 7
  having sum(amount) <> 0
  order by 1, 2, 3, 4, 5, 6, 7`;

export const paymentLines = `
  select tenant_id, mode, books, provider, kind, (settled_at at time zone 'UTC')::date as day, currency,
    trim_scale(sum(amount))::text as amount
  from hookledger.payment_lines_v1 where position <= $1::bigint
  group by 1, 2, 3, 4, 5, 6, 7
  having sum(amount) <> 0
  order by 1, 2, 3, 4, 5, 6, 7`;

/** Each invoice by its greatest report, and each credit note by its own. */
const invoiceWinners = `
  ${winners},
  credit as (select * from winner where fact_kind = 'credit'),
  latest as (
    select distinct on (l.stream_key) l.*, h.tenant_id as owner,
      coalesce((l.data ->> 'issuedAt')::timestamptz, l.occurred_at) as issued_at
    from log l join home h using (stream_key)
    where l.type like 'Invoice%' and l.type <> 'InvoicePaymentLinked'
    order by l.stream_key, coalesce(l.fact_rank, 0) desc, coalesce(l.provider_time, l.occurred_at) desc, l.position desc
  )`;

export const billedOracle = `
  with ${invoiceWinners},
  item as (
    select 'invoice' as kind, 1 as sign, owner, mode, books, provider, issued_at, data
    from latest where data ->> 'status' not in ('draft', 'void')
    union all
    select 'credit_note', -1, owner, mode, books, provider,
      coalesce((data ->> 'issuedAt')::timestamptz, occurred_at), data
    from credit c
    where data ->> 'status' <> 'void'
      and not exists (select from latest l where l.stream_key = c.stream_key and l.data ->> 'status' = 'void')
  )
  select owner as tenant_id, mode, books, provider, kind, (issued_at at time zone 'UTC')::date as day,
    data ->> 'currency' as currency, trim_scale(sum(sign * (data ->> 'net')::numeric))::text as net,
    trim_scale(sum(sign * (data ->> 'tax')::numeric))::text as tax
  from item
  group by 1, 2, 3, 4, 5, 6, 7
  having sum((data ->> 'net')::numeric) <> 0 or sum((data ->> 'tax')::numeric) <> 0
  order by 1, 2, 3, 4, 5, 6, 7`;

export const invoiceLines = `
  select tenant_id, mode, books, provider, kind, (issued_at at time zone 'UTC')::date as day, currency,
    trim_scale(sum(net))::text as net, trim_scale(sum(tax))::text as tax
  from hookledger.invoice_lines_v1 where position <= $1::bigint
  group by 1, 2, 3, 4, 5, 6, 7
  having sum(net) <> 0 or sum(tax) <> 0
  order by 1, 2, 3, 4, 5, 6, 7`;

/** Total less what was paid, taken from the customer's balance, and credited as far as it was not paid before. */
export const balanceOracle = `
  with ${invoiceWinners},
  credited as (
    select stream_key, data ->> 'currency' as currency, sum((data ->> 'total')::numeric) as credited,
      sum(coalesce((data ->> 'alreadyPaid')::numeric, 0)) as paid
    from credit where data ->> 'status' <> 'void' group by 1, 2
  ),
  owed as (
    select l.stream_key, l.owner, l.data ->> 'status' as status, coalesce(c.credited, 0) as credited,
      (l.data ->> 'total')::numeric - (l.data ->> 'paid')::numeric
        - coalesce((l.data ->> 'fromCustomerBalance')::numeric, 0)
        - coalesce(c.credited, 0) + coalesce(c.paid, 0) as rest
    from latest l left join credited c on c.stream_key = l.stream_key and c.currency = l.data ->> 'currency'
  )
  select stream_key, owner as tenant_id, status, trim_scale(credited)::text as credited,
    trim_scale(case when status in ('draft', 'void') then 0 when status = 'paid' then least(rest, 0) else rest end)::text
      as balance,
    trim_scale(case when status = 'paid' then greatest(rest, 0) else 0 end)::text as settled_elsewhere
  from owed order by stream_key`;

export const balances = `
  select stream_key, tenant_id, status, trim_scale(credited)::text as credited, trim_scale(balance)::text as balance,
    trim_scale(settled_elsewhere)::text as settled_elsewhere
  from (
    select distinct on (stream_key) * from hookledger.invoices_v1
    where position <= $1::bigint order by stream_key, position desc, is_there desc
  ) latest
  where status <> 'unknown'
  order by stream_key`;

/** Streams whose parts, as they stand in the end, are not what their lines add up to. */
export const partsThatDisagree = `
  with part as (
    select stream_key, tenant_id, 'refund' as kind, currency, -sum(amount) as amount
    from (select distinct on (stream_key, part_key) * from hookledger.refunds_v1
      order by stream_key, part_key, position desc, is_there desc) r
    where is_there and is_counted group by 1, 2, 4
    union all
    select stream_key, tenant_id, 'dispute', money_currency, sum(reinstated - withdrawn)
    from (select distinct on (stream_key, part_key) * from hookledger.disputes_v1
      order by stream_key, part_key, position desc, is_there desc) d
    where is_there and money_currency is not null group by 1, 2, 4
    union all
    select c.stream_key, c.tenant_id, 'credit_note', c.currency, -sum(c.net)
    from (select distinct on (stream_key, part_key) * from hookledger.credit_notes_v1
      order by stream_key, part_key, position desc, is_there desc) c
    where is_there and status = 'issued' group by 1, 2, 4
  ),
  line as (
    select stream_key, tenant_id, kind, currency, sum(amount) as amount from hookledger.payment_lines_v1
    where kind in ('refund', 'dispute') group by 1, 2, 3, 4
    union all
    select stream_key, tenant_id, kind, currency, sum(net) from hookledger.invoice_lines_v1
    where kind = 'credit_note' group by 1, 2, 3, 4
  )
  select * from part full join line using (stream_key, tenant_id, kind, currency)
  where coalesce(part.amount, 0) <> coalesce(line.amount, 0)
    -- Disputes that moved money in several currencies tell none, and a void invoice has no credit notes.
    and not (kind = 'dispute' and stream_key in (
      select stream_key from hookledger.payment_lines_v1 where kind = 'dispute'
      group by 1 having count(distinct currency) > 1))
    and not (kind = 'credit_note' and stream_key in (
      select stream_key from hookledger.invoices_v1 where status = 'void'))`;
