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
  rated as (
    select w.*, price.rated, price.rated_currency
    from winner w
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
        (p.component ->> 'kind' = 'per_unit' and w.fact_kind = 'usage' and p.component ->> 'meter' = w.meter)
        or (p.component ->> 'kind' = 'markup' and w.fact_kind = 'cost'
          and coalesce(p.component ->> 'provider', w.provider) = w.provider))
    ) price on true
    where w.fact_kind in ('usage', 'cost')
  )
  select owner as tenant_id, mode, books, provider, fact_kind as kind, meter, unit,
    (occurred_at at time zone 'UTC')::date as day,
    coalesce(currency, '') as cost_currency, coalesce(rated_currency, '') as rated_currency,
    count(*)::text as facts, trim_scale(coalesce(sum(quantity), 0))::text as quantity,
    trim_scale(coalesce(sum(amount), 0))::text as cost, trim_scale(coalesce(sum(rated), 0))::text as rated,
    (count(*) filter (where fact_kind = 'usage' and rated is null))::text as unpriced
  from rated
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
  order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10`;

export const usageLines = usageFigures('usage_lines_v1', 'occurred_at', 'position <= $1::bigint');
export const usageSums = usageFigures('usage_sums_v1', 'bucket', '$1::bigint is not null');

function usageFigures(table: string, time: string, condition: string): string {
  return `
    select tenant_id, mode, books, provider, kind, meter, unit, (${time} at time zone 'UTC')::date as day,
      cost_currency, rated_currency,
      sum(facts)::text as facts, trim_scale(sum(quantity))::text as quantity, trim_scale(sum(cost))::text as cost,
      trim_scale(sum(rated))::text as rated, sum(unpriced)::text as unpriced
    from hookledger.${table} where ${condition}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    having sum(facts) <> 0 or sum(quantity) <> 0 or sum(cost) <> 0 or sum(rated) <> 0 or sum(unpriced) <> 0
    order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10`;
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
