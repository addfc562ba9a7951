-- Billing statements: asked for, issued or refused, linked to the provider's invoice that bills them.
set role hookledger_owner;

create table hookledger.statement_steps (
  position bigint not null,
  event_id uuid not null,
  statement_id text collate "C" not null,
  tenant_id text collate "C" not null,
  step text not null,
  period text not null,
  tz text not null,
  period_from timestamptz not null,
  period_to timestamptz not null,
  currency text not null,
  cut_off bigint not null,
  number text,
  exact numeric,
  amount numeric,
  sha256 text,
  invoice_provider text,
  invoice_account text,
  invoice_id text,
  data jsonb not null,
  recorded_at timestamptz not null,
  constraint statement_steps_pkey primary key (position),
  constraint statement_steps_step_check check (step in ('requested', 'issued', 'refused', 'linked')),
  constraint statement_steps_issued_check check (step <> 'issued' or (number is not null and amount is not null))
);
create index statement_steps_statement_idx on hookledger.statement_steps (statement_id, position);
create index statement_steps_tenant_idx on hookledger.statement_steps (tenant_id, period, currency, position);
create unique index statement_steps_issued_key on hookledger.statement_steps (tenant_id, period, currency)
  where step = 'issued';
comment on table hookledger.statement_steps is
  'Append-only: a statement as of p is its rows at or below p. What was issued never changes.';
comment on column hookledger.statement_steps.data is 'The data of the event: of an issued statement all of it.';

alter table hookledger.statement_steps enable row level security;
create policy application on hookledger.statement_steps to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*'
    or tenant_id = (select current_setting('hookledger.tenant', true)));
create policy tenant on hookledger.statement_steps for select to hookledger_tenant
  using (tenant_id = (select current_setting('hookledger.tenant', true)));
grant select, insert on hookledger.statement_steps to hookledger_app;
grant select on hookledger.statement_steps to hookledger_tenant;

reset role;
