-- What a provider said a call or chat cost in all: a cost that it leaves out is retired, in whatever order reports come.
set role hookledger_owner;

create table hookledger.usage_cost_reports_v1 (
  stream_key text collate "C" not null,
  position bigint not null,
  event_id uuid not null,
  fact_rank integer not null,
  provider_time timestamptz not null,
  fact_keys text[] not null,
  constraint usage_cost_reports_v1_pkey primary key (stream_key, position)
);
comment on table hookledger.usage_cost_reports_v1 is
  'What the usage fold remembers beside its facts: by each report, a cost fact of the stream that is not named is none.';

alter table hookledger.usage_cost_reports_v1 enable row level security;
create policy application on hookledger.usage_cost_reports_v1 to hookledger_app using (true);
grant select, insert on hookledger.usage_cost_reports_v1 to hookledger_app;

alter table hookledger.usage_facts_v1 add column is_retired boolean not null default false;
comment on column hookledger.usage_facts_v1.is_retired is
  'The winning report is one of the whole cost that leaves this one out: it counts nothing.';
comment on column hookledger.usage_lines_v1.cause is
  'fact, superseded, retired (a report of the whole cost leaves it out), tenant-moved, re-rated, re-estimated (a cost
rate was set) or final (a cost replaces an estimate)';

reset role;
