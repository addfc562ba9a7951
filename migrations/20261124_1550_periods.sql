-- Months of the books: asked to be closed, closed or refused, reopened. Three tables, since a tenant may see that a month
-- is closed and its own figures, and nobody else's.
set role hookledger_owner;

create table hookledger.period_closings (
  position bigint not null,
  event_id uuid not null,
  period text not null,
  tz text not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  revision integer not null,
  step text not null,
  cut_off bigint not null,
  recorded_at timestamptz not null,
  constraint period_closings_pkey primary key (position),
  constraint period_closings_step_check check (step in ('requested', 'closed', 'refused', 'reopened')),
  constraint period_closings_bounds_check check (period_from < period_to)
);
create index period_closings_period_idx on hookledger.period_closings (period, position);
comment on table hookledger.period_closings is
  'Append-only: a period as of p is its row with the greatest position at or below p.';
comment on column hookledger.period_closings.cut_off is
  'Position of PeriodCloseRequested: what lies above it is late. Of a reopening, that of the close that it opens.';

create table hookledger.period_decisions (
  position bigint not null,
  tenant_id text collate "C" not null default 'unassigned',
  decided_by text not null,
  reason text,
  waivers jsonb not null,
  checks jsonb not null,
  projections jsonb not null,
  sha256 text,
  constraint period_decisions_pkey primary key (position)
);
comment on table hookledger.period_decisions is 'Who decided each step of a period, why, and what was checked.';

create table hookledger.period_figures (
  position bigint not null,
  line_no integer not null,
  tenant_id text collate "C" not null,
  service_period text not null,
  provider text not null,
  figure text not null,
  currency text not null,
  amount numeric not null,
  constraint period_figures_pkey primary key (position, line_no)
);
create index period_figures_tenant_idx on hookledger.period_figures (tenant_id, position);
comment on table hookledger.period_figures is
  'What was reported when the period was closed, by the position of PeriodClosed. It never changes.';
comment on column hookledger.period_figures.service_period is
  'The period of the row, or an earlier closed one whose late facts are booked in it.';

alter table hookledger.period_closings enable row level security;
alter table hookledger.period_decisions enable row level security;
alter table hookledger.period_figures enable row level security;
create policy application on hookledger.period_closings to hookledger_app using (true);
create policy tenant on hookledger.period_closings for select to hookledger_tenant using (true);
create policy application on hookledger.period_decisions to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*');
create policy application on hookledger.period_figures to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*'
    or tenant_id = (select current_setting('hookledger.tenant', true)));
create policy tenant on hookledger.period_figures for select to hookledger_tenant
  using (tenant_id = (select current_setting('hookledger.tenant', true)));
grant select, insert on hookledger.period_closings, hookledger.period_decisions, hookledger.period_figures
  to hookledger_app;
grant select on hookledger.period_closings, hookledger.period_figures to hookledger_tenant;

-- Late facts of a closed month: within its bounds, above its cut-off.
create index usage_lines_v1_late_idx on hookledger.usage_lines_v1 (occurred_at, position);

reset role;
