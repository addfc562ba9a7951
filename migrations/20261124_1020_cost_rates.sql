-- What providers charge us, as events set it, and which cost is an estimate by it.
set role hookledger_owner;

create table hookledger.cost_rates (
  position bigint not null,
  provider text not null,
  account text,
  meter text not null,
  unit text,
  direction text,
  channel text,
  currency text not null,
  unit_cost numeric not null,
  valid_from timestamptz not null,
  valid_to timestamptz,
  tenant_id text collate "C" not null default 'unassigned',
  constraint cost_rates_pkey primary key (position),
  constraint cost_rates_validity_check check (valid_from < valid_to)
);
create index cost_rates_meter_idx on hookledger.cost_rates (provider, meter, valid_from);
comment on table hookledger.cost_rates is
  'Append-only: of two with the same filters and beginning the later holds. A null filter does not matter.';

-- What we pay is nothing that a tenant may see.
alter table hookledger.cost_rates enable row level security;
create policy application on hookledger.cost_rates to hookledger_app using (true);
grant select, insert on hookledger.cost_rates to hookledger_app;

-- What was folded before counts nothing as uncosted, which a rebuild would. So it is folded again, from the start.
truncate hookledger.usage_facts_v1, hookledger.usage_lines_v1, hookledger.usage_sums_v1;
update hookledger.projection_checkpoints set position = 0 where name = 'usage' and version = 1;

alter table hookledger.usage_facts_v1
  add column account text not null default '',
  add column direction text,
  add column channel text,
  add column is_cost_final boolean not null default true,
  add column estimate_cost numeric,
  add column estimate_currency text,
  add column estimate_rated numeric,
  add column estimate_rated_currency text,
  add column estimate_plan_id text,
  add column rate_position bigint;
comment on column hookledger.usage_facts_v1.is_cost_final is
  'The provider has reported a cost in the stream of the fact: nothing is estimated any more.';
create index usage_facts_v1_meter_idx on hookledger.usage_facts_v1 (provider, meter, occurred_at)
  where kind = 'usage' and not is_cost_final;

alter table hookledger.usage_lines_v1
  add column cost_status text not null default 'final',
  add column uncosted integer not null default 0,
  add column rate_position bigint,
  add constraint usage_lines_v1_cost_status_check check (cost_status in ('estimated', 'final'));
comment on column hookledger.usage_lines_v1.cause is
  'fact, superseded, tenant-moved, re-rated, re-estimated (a cost rate was set) or final (a cost replaces an estimate)';
comment on column hookledger.usage_lines_v1.uncosted is
  'Difference in the number of usage facts with neither a cost of the provider nor a cost rate.';
comment on column hookledger.usage_lines_v1.rate_position is 'Of the event that set the rate of an estimate.';

alter table hookledger.usage_sums_v1
  add column cost_status text not null default 'final',
  add column uncosted bigint not null default 0,
  drop constraint usage_sums_v1_pkey;
alter table hookledger.usage_sums_v1 add constraint usage_sums_v1_pkey primary key
  (tenant_id, mode, books, provider, kind, meter, unit, bucket, cost_currency, rated_currency, cost_status);

reset role;
