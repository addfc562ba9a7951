-- Usage and cost by days of UTC: what finance asks for most is whole days, months and quarters, and sums of 15 minutes are
-- nearly as many as the lines where a tenant has a few facts an hour.
-- A trigger keeps them, not the fold, so that a server of before, which still folds beside us, keeps them right, too.
set role hookledger_owner;

create table hookledger.usage_days_v1 (
  tenant_id text collate "C" not null,
  mode text not null,
  books text not null,
  day timestamptz not null,
  provider text not null,
  kind text not null,
  meter text not null,
  unit text not null,
  cost_currency text not null,
  rated_currency text not null,
  cost_status text not null,
  priced_by text not null,
  plan_id text not null,
  component_no integer not null,
  facts bigint not null,
  quantity numeric not null,
  cost numeric not null,
  rated numeric not null,
  unpriced bigint not null,
  uncosted bigint not null,
  line_count bigint not null,
  min_position bigint not null,
  max_position bigint not null,
  constraint usage_days_v1_pkey primary key (tenant_id, mode, books, day, provider, kind, meter, unit, cost_currency,
    rated_currency, cost_status, priced_by, plan_id, component_no)
);
create index usage_days_v1_day_idx on hookledger.usage_days_v1 (day);
comment on table hookledger.usage_days_v1 is
  'Sums of usage_lines_v1 by days of UTC. As of p, a row with max_position at or below p is complete, one with min_position above p is not there yet, and what is between is to be summed from the lines.';
comment on column hookledger.usage_days_v1.plan_id is 'Empty where the lines have no price.';
comment on column hookledger.usage_days_v1.component_no is '-1 where the lines have no price.';

alter table hookledger.usage_days_v1 enable row level security;
create policy application on hookledger.usage_days_v1 to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*'
    or tenant_id = (select current_setting('hookledger.tenant', true)));
create policy tenant on hookledger.usage_days_v1 for select to hookledger_tenant
  using (tenant_id = (select current_setting('hookledger.tenant', true)));
grant select, insert, update on hookledger.usage_days_v1 to hookledger_app;
grant select on hookledger.usage_days_v1 to hookledger_tenant;

-- Into the days of the version whose lines are written, by the name of its table. In key order, so that two writers
-- cannot deadlock.
create function hookledger.add_usage_days() returns trigger
language plpgsql set search_path = hookledger, pg_temp as $$
begin
  execute format($sql$
    insert into hookledger.%I as d (tenant_id, mode, books, day, provider, kind, meter, unit, cost_currency,
      rated_currency, cost_status, priced_by, plan_id, component_no, facts, quantity, cost, rated, unpriced, uncosted,
      line_count, min_position, max_position)
    select l.tenant_id, l.mode, l.books, date_trunc('day', l.occurred_at, 'UTC'), l.provider, l.kind, l.meter, l.unit,
      l.cost_currency, l.rated_currency, l.cost_status, coalesce(l.priced_by, ''), coalesce(l.plan_id, ''),
      coalesce(l.component_no, -1), sum(l.facts), sum(l.quantity), sum(l.cost), sum(l.rated), sum(l.unpriced),
      sum(l.uncosted), count(*), min(l.position), max(l.position)
    from line l
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
    order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
    on conflict (tenant_id, mode, books, day, provider, kind, meter, unit, cost_currency, rated_currency, cost_status,
      priced_by, plan_id, component_no) do update set
      facts = d.facts + excluded.facts, quantity = d.quantity + excluded.quantity, cost = d.cost + excluded.cost,
      rated = d.rated + excluded.rated, unpriced = d.unpriced + excluded.unpriced,
      uncosted = d.uncosted + excluded.uncosted, line_count = d.line_count + excluded.line_count,
      min_position = least(d.min_position, excluded.min_position),
      max_position = greatest(d.max_position, excluded.max_position)
    $sql$, replace(tg_table_name, 'usage_lines', 'usage_days'));
  return null;
end
$$;
-- Whoever folds again from the start empties the lines. Not by truncate, which fails where one statement names both.
create function hookledger.clear_usage_days() returns trigger
language plpgsql set search_path = hookledger, pg_temp as $$
begin
  execute format('delete from hookledger.%I', replace(tg_table_name, 'usage_lines', 'usage_days'));
  return null;
end
$$;
revoke all on function hookledger.add_usage_days(), hookledger.clear_usage_days() from public;

-- Folds wait for this transaction from here on, so that no line is missed and none counted twice; nothing else does.
create trigger usage_lines_v1_add_days after insert on hookledger.usage_lines_v1
  referencing new table as line for each statement execute function hookledger.add_usage_days();
create trigger usage_lines_v1_clear_days after truncate on hookledger.usage_lines_v1
  for each statement execute function hookledger.clear_usage_days();

insert into hookledger.usage_days_v1 (tenant_id, mode, books, day, provider, kind, meter, unit, cost_currency,
  rated_currency, cost_status, priced_by, plan_id, component_no, facts, quantity, cost, rated, unpriced, uncosted,
  line_count, min_position, max_position)
select l.tenant_id, l.mode, l.books, date_trunc('day', l.occurred_at, 'UTC'), l.provider, l.kind, l.meter, l.unit,
  l.cost_currency, l.rated_currency, l.cost_status, coalesce(l.priced_by, ''), coalesce(l.plan_id, ''),
  coalesce(l.component_no, -1), sum(l.facts), sum(l.quantity), sum(l.cost), sum(l.rated), sum(l.unpriced),
  sum(l.uncosted), count(*), min(l.position), max(l.position)
from hookledger.usage_lines_v1 l
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14;

reset role;
