-- Rates of exchange, and what providers charge us that no webhook tells. Both keep every row with its position, so that a
-- figure as of p is made of what was known at p.
set role hookledger_owner;

create table hookledger.fx_rates (
  position bigint not null,
  base text collate "C" not null,
  quote text collate "C" not null,
  rate numeric not null,
  date date not null,
  source text not null,
  tenant_id text collate "C" not null default 'unassigned',
  constraint fx_rates_pkey primary key (position),
  constraint fx_rates_pair_check check (base <> quote),
  constraint fx_rates_rate_check check (rate > 0)
);
create index fx_rates_pair_idx on hookledger.fx_rates (base, quote, date desc, position desc);
comment on table hookledger.fx_rates is
  'Append-only: one unit of base is rate units of quote on a day. Of one (base, quote, date) the later position holds.';

create table hookledger.provider_costs (
  position bigint not null,
  cost_id text collate "C" not null,
  provider text collate "C" not null,
  account text,
  category text collate "C" not null,
  component text collate "C" not null,
  description text,
  amount numeric not null,
  currency text collate "C" not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  allocation jsonb not null,
  reference text,
  entered_by text not null,
  tenant_id text collate "C" not null default 'unassigned',
  constraint provider_costs_pkey primary key (position),
  constraint provider_costs_cost_id_key unique (cost_id),
  constraint provider_costs_category_check check (category in ('purchase', 'tax', 'credit', 'adjustment')),
  constraint provider_costs_period_check check (period_from < period_to)
);
create index provider_costs_period_idx on hookledger.provider_costs (period_from, period_to);
comment on table hookledger.provider_costs is
  'Append-only: fixed and recurring charges of providers. Who bears them is worked out when it is asked, by allocation.';

create table hookledger.provider_cost_voids (
  position bigint not null,
  cost_id text collate "C" not null,
  reason text not null,
  voided_by text not null,
  tenant_id text collate "C" not null default 'unassigned',
  constraint provider_cost_voids_pkey primary key (position),
  constraint provider_cost_voids_cost_id_key unique (cost_id)
);
comment on table hookledger.provider_cost_voids is 'Append-only: a cost that was entered by mistake counts no longer from there on.';

alter table hookledger.fx_rates enable row level security;
alter table hookledger.provider_costs enable row level security;
alter table hookledger.provider_cost_voids enable row level security;
create policy application on hookledger.fx_rates to hookledger_app using (true);
create policy tenant on hookledger.fx_rates for select to hookledger_tenant using (true);
-- What we pay is nothing that a tenant may see: its reader may ask, and without a policy of its own finds no row.
create policy application on hookledger.provider_costs to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*');
create policy application on hookledger.provider_cost_voids to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*');
grant select, insert on hookledger.fx_rates, hookledger.provider_costs, hookledger.provider_cost_voids to hookledger_app;
grant select on hookledger.fx_rates, hookledger.provider_costs, hookledger.provider_cost_voids to hookledger_tenant;

reset role;
