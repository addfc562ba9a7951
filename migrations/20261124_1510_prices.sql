-- Plans with tiers, packages, included quantities and minimums; and assignments and rates that say whether they price again
-- what is priced already.
set role hookledger_owner;

-- Those of before priced again whatever was in their validity.
alter table hookledger.price_plan_assignments add column reprice boolean not null default true;
alter table hookledger.price_plan_assignments alter column reprice drop default;
alter table hookledger.cost_rates add column reprice boolean not null default true;
alter table hookledger.cost_rates alter column reprice drop default;

alter table hookledger.price_plan_assignments add column assigned_at timestamptz;
update hookledger.price_plan_assignments a set assigned_at = coalesce(
  (select e.occurred_at from hookledger.events e where e.position = a.position), a.valid_from);
alter table hookledger.price_plan_assignments alter column assigned_at set not null;

comment on column hookledger.price_plan_assignments.reprice is
  'Also what is priced already, and fees that were charged before it was assigned.';
comment on column hookledger.price_plan_assignments.assigned_at is
  'When the command was given. A fee of before keeps its plan unless the assignment says reprice.';
comment on column hookledger.cost_rates.reprice is 'Also usage that has an estimate already.';

-- Folded again, from the start: what was folded before does not know since when a tenant has a fact, nor by which component
-- of its plan it is priced.
truncate hookledger.usage_facts_v1, hookledger.usage_lines_v1, hookledger.usage_sums_v1,
  hookledger.usage_cost_reports_v1;
update hookledger.projection_checkpoints set position = 0 where name = 'usage' and version = 1;

alter table hookledger.usage_facts_v1
  add column first_position bigint not null,
  add column tenant_since bigint not null,
  add column priced_by text,
  add column component_no integer,
  add column estimate_component_no integer,
  add constraint usage_facts_v1_priced_by_check check (priced_by in ('fact', 'aggregate'));
comment on column hookledger.usage_facts_v1.first_position is 'Of its first report.';
comment on column hookledger.usage_facts_v1.tenant_since is
  'Since when it is this tenant''s: position of its first report, or of the move that brought it.';
comment on column hookledger.usage_facts_v1.priced_by is
  'fact: it has an amount of its own; aggregate: the quantity of its month is rated; null: no plan speaks of it.';
comment on column hookledger.usage_facts_v1.component_no is 'Index in the components of the plan, from 0.';

alter table hookledger.usage_lines_v1
  add column priced_by text,
  add column component_no integer,
  add constraint usage_lines_v1_priced_by_check check (priced_by in ('fact', 'aggregate'));
comment on column hookledger.usage_lines_v1.priced_by is
  'aggregate: rated with its month by component_no of plan_id, so that the line carries no amount; null: no price.';
comment on column hookledger.usage_lines_v1.component_no is 'Index in the components of the plan, from 0.';
-- What a month is rated on.
create index usage_lines_v1_aggregate_idx on hookledger.usage_lines_v1 (tenant_id, occurred_at)
  where priced_by = 'aggregate';

alter table hookledger.usage_sums_v1
  add column priced_by text not null default '',
  drop constraint usage_sums_v1_pkey,
  add constraint usage_sums_v1_pkey primary key (tenant_id, mode, books, provider, kind, meter, unit, bucket,
    cost_currency, rated_currency, cost_status, priced_by),
  add constraint usage_sums_v1_priced_by_check check (priced_by in ('fact', 'aggregate', ''));
comment on column hookledger.usage_sums_v1.priced_by is 'As of its lines; empty where they have no price.';

reset role;
