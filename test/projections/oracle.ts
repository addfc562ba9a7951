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

export const usageOracle = `
  with ${winners},
  plan as (
    select d.data ->> 'planId' as plan_id, d.data ->> 'currency' as currency, c.component
    from log d cross join lateral jsonb_array_elements(d.data -> 'components') c (component)
    where d.type = 'PricePlanDefined'
  ),
  assigned as (
    select data ->> 'tenantId' as tenant_id, data ->> 'planId' as plan_id, position,
      (data ->> 'validFrom')::timestamptz as valid_from
    from log where type = 'PricePlanAssigned'
  ),
  cost_rate as (
    select distinct on (provider, account, meter, unit, direction, channel, valid_from) *
    from (
      select position, data ->> 'provider' as provider, data ->> 'account' as account, data ->> 'meter' as meter,
        data ->> 'unit' as unit, data ->> 'direction' as direction, data ->> 'channel' as channel,
        data ->> 'currency' as currency, (data ->> 'unitCost')::numeric as unit_cost,
        (data ->> 'validFrom')::timestamptz as valid_from, (data ->> 'validTo')::timestamptz as valid_to
      from log where type = 'CostRateSet'
    ) told
    order by provider, account, meter, unit, direction, channel, valid_from, position desc
  ),
  cost_report as (
    select stream_key, position, (data -> 'costReport' ->> 'rank')::integer as fact_rank,
      (data -> 'costReport' ->> 'providerTime')::timestamptz as provider_time, data -> 'costReport' -> 'factNames' as names
    from log where data -> 'costReport' is not null
  ),
  fact as (
    select w.*, 'final' as cost_status,
      w.fact_kind = 'usage'
        and not exists (select from winner c where c.stream_key = w.stream_key and c.fact_kind = 'cost')
        and not exists (select from cost_report r where r.stream_key = w.stream_key) as is_waiting
    from winner w
    where fact_kind in ('usage', 'cost')
      and not (fact_kind = 'cost' and exists (
        select from cost_report r
        where r.stream_key = w.stream_key
          and not r.names ? substr(w.fact_key, length(w.stream_key) + 2)
          and (r.fact_rank, r.provider_time, r.position) > (w.fact_rank, w.provider_time, w.position)))
  ),
  estimate as (
    select f.*, r.currency as rate_currency, r.unit_cost
    from fact f
    join lateral (
      select * from cost_rate r
      where r.provider = f.provider and r.meter = f.meter
        and (r.account is null or r.account = f.account) and (r.unit is null or r.unit = f.unit)
        and (r.direction is null or r.direction = f.data ->> 'direction')
        and (r.channel is null or r.channel = f.data ->> 'channel')
        and r.valid_from <= f.occurred_at and (r.valid_to is null or f.occurred_at < r.valid_to)
      order by num_nonnulls(r.account, r.unit, r.direction, r.channel) desc, r.valid_from desc, r.position desc
      limit 1
    ) r on true
    where f.is_waiting
  ),
  counted as (
    select owner, mode, books, provider, fact_kind as kind, meter, unit, occurred_at, quantity, amount, currency,
      cost_status, is_waiting and not exists (select from estimate e where e.fact_key = fact.fact_key) as is_uncosted
    from fact
    union all
    select owner, mode, books, provider, 'cost', meter, unit, occurred_at, quantity, quantity * unit_cost,
      rate_currency, 'estimated', false
    from estimate
  ),
  rated as (
    select w.*, price.rated, price.rated_currency
    from counted w
    left join lateral (
      select a.plan_id from assigned a
      where a.tenant_id = w.owner and a.valid_from <= w.occurred_at
      order by a.valid_from desc, a.position desc limit 1
    ) chosen on true
    left join lateral (
      select
        sum(case p.component ->> 'kind'
          when 'per_unit' then w.quantity * (p.component ->> 'unitPrice')::numeric
          else w.amount * (1 + (p.component ->> 'percent')::numeric * 0.01) end) as rated,
        max(case p.component ->> 'kind' when 'per_unit' then p.currency else w.currency end) as rated_currency
      from plan p
      where p.plan_id = chosen.plan_id and (
        (p.component ->> 'kind' = 'per_unit' and w.kind = 'usage' and p.component ->> 'meter' = w.meter)
        or (p.component ->> 'kind' = 'markup' and w.kind = 'cost'
          and coalesce(p.component ->> 'provider', w.provider) = w.provider))
    ) price on true
  )
  select owner as tenant_id, mode, books, provider, kind, meter, unit,
    (occurred_at at time zone 'UTC')::date as day,
    coalesce(currency, '') as cost_currency, coalesce(rated_currency, '') as rated_currency, cost_status,
    count(*)::text as facts, trim_scale(coalesce(sum(quantity), 0))::text as quantity,
    trim_scale(coalesce(sum(amount), 0))::text as cost, trim_scale(coalesce(sum(rated), 0))::text as rated,
    (count(*) filter (where kind = 'usage' and rated is null))::text as unpriced,
    (count(*) filter (where is_uncosted))::text as uncosted
  from rated
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
  order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11`;

export const usageLines = usageFigures('usage_lines_v1', 'occurred_at', 'position <= $1::bigint');
export const usageSums = usageFigures('usage_sums_v1', 'bucket', '$1::bigint is not null');

function usageFigures(table: string, time: string, condition: string): string {
  return `
    select tenant_id, mode, books, provider, kind, meter, unit, (${time} at time zone 'UTC')::date as day,
      cost_currency, rated_currency, cost_status,
      sum(facts)::text as facts, trim_scale(sum(quantity))::text as quantity, trim_scale(sum(cost))::text as cost,
      trim_scale(sum(rated))::text as rated, sum(unpriced)::text as unpriced,
      sum(uncosted)::text as uncosted
    from hookledger.${table} where ${condition}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    having sum(facts) <> 0 or sum(quantity) <> 0 or sum(cost) <> 0 or sum(rated) <> 0 or sum(unpriced) <> 0
      or sum(uncosted) <> 0
    order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11`;
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
  cash as (
    select owner, mode, books, provider, 'payment' as kind, occurred_at as settled_at, amount, currency
    from winner where type = 'PaymentSucceeded'
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

export const billedOracle = `
  with ${winners},
  latest as (
    select distinct on (l.stream_key) l.*, h.tenant_id as owner,
      coalesce((l.data ->> 'issuedAt')::timestamptz, l.occurred_at) as issued_at
    from log l join home h using (stream_key)
    where l.type like 'Invoice%' and l.type <> 'InvoicePaymentLinked'
    order by l.stream_key, coalesce(l.fact_rank, 0) desc, coalesce(l.provider_time, l.occurred_at) desc, l.position desc
  )
  select owner as tenant_id, mode, books, provider, (issued_at at time zone 'UTC')::date as day,
    data ->> 'currency' as currency,
    trim_scale(sum((data ->> 'net')::numeric))::text as net, trim_scale(sum((data ->> 'tax')::numeric))::text as tax
  from latest
  where data ->> 'status' not in ('draft', 'void')
  group by 1, 2, 3, 4, 5, 6
  having sum((data ->> 'net')::numeric) <> 0 or sum((data ->> 'tax')::numeric) <> 0
  order by 1, 2, 3, 4, 5, 6`;

export const invoiceLines = `
  select tenant_id, mode, books, provider, (issued_at at time zone 'UTC')::date as day, currency,
    trim_scale(sum(net))::text as net, trim_scale(sum(tax))::text as tax
  from hookledger.invoice_lines_v1 where position <= $1::bigint
  group by 1, 2, 3, 4, 5, 6
  having sum(net) <> 0 or sum(tax) <> 0
  order by 1, 2, 3, 4, 5, 6`;
