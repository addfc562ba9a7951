-- Roles, schema, the event log and what hangs on it. Forward-only.
-- hookledger_owner owns everything and logs in nowhere; hookledger_app is what processes run as: it owns nothing,
-- bypasses nothing and appends through functions only; hookledger_tenant reads the rows of one tenant.
do $$
begin
  if not exists (select from pg_roles where rolname = 'hookledger_owner') then
    create role hookledger_owner nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'hookledger_app') then
    create role hookledger_app nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'hookledger_tenant') then
    create role hookledger_tenant nologin;
  end if;
  execute format('grant hookledger_owner to %I', current_user);
  execute format('grant hookledger_app to %I', current_user);
  execute format('grant create on database %I to hookledger_owner', current_database());
end
$$;

-- A session may narrow itself to the tenant role; what hangs in a transaction must not stall every reader.
grant hookledger_tenant to hookledger_app;
alter role hookledger_app set idle_in_transaction_session_timeout = '2s';
alter role hookledger_app set statement_timeout = '30s';

create schema if not exists hookledger authorization hookledger_owner;
grant usage on schema hookledger to hookledger_app, hookledger_tenant;

set role hookledger_owner;

-- ---------------------------------------------------------------------------------------------------------------
-- What people administer
-- ---------------------------------------------------------------------------------------------------------------

create table hookledger.tenants (
  id text collate "C" not null,
  name text not null,
  weight integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  constraint tenants_pkey primary key (id),
  constraint tenants_name_key unique (name),
  constraint tenants_weight_check check (weight between 1 and 1000)
);

create table hookledger.sources (
  id text collate "C" not null,
  provider text not null,
  account text not null,
  mode text not null,
  books text not null,
  default_tenant_id text collate "C",
  public_url text,
  public_key text,
  secrets jsonb not null default '[]',
  created_at timestamptz not null default clock_timestamp(),
  tenant_id text collate "C" generated always as (coalesce(default_tenant_id, 'unassigned')) stored,
  constraint sources_pkey primary key (id),
  constraint sources_account_key unique (provider, account, mode),
  constraint sources_mode_check check (mode in ('live', 'test')),
  constraint sources_books_check check (books in ('platform', 'tenant')),
  constraint sources_default_tenant_fkey foreign key (default_tenant_id) references hookledger.tenants (id)
);
comment on column hookledger.sources.secrets is 'Up to two live secrets, each sealed with the master key.';

create table hookledger.api_keys (
  id text collate "C" not null,
  key_hash bytea not null,
  role text not null,
  tenant_id text collate "C",
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  constraint api_keys_pkey primary key (id),
  constraint api_keys_key_hash_key unique (key_hash),
  constraint api_keys_role_check check (role in ('finance', 'engineer', 'ops', 'admin')),
  constraint api_keys_tenant_fkey foreign key (tenant_id) references hookledger.tenants (id)
);

create table hookledger.sign_in_links (
  token_hash bytea not null,
  role text not null,
  tenant_id text collate "C",
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint sign_in_links_pkey primary key (token_hash)
);

create table hookledger.console_sessions (
  token_hash bytea not null,
  role text not null,
  tenant_id text collate "C",
  expires_at timestamptz not null,
  constraint console_sessions_pkey primary key (token_hash)
);

-- ---------------------------------------------------------------------------------------------------------------
-- Tables folded from administrative events in the same transaction as the event
-- ---------------------------------------------------------------------------------------------------------------

create table hookledger.account_mappings (
  provider text not null,
  account text not null,
  external_id text not null,
  tenant_id text collate "C" not null,
  valid_from timestamptz not null,
  valid_to timestamptz not null,
  position bigint not null,
  constraint account_mappings_pkey primary key (provider, account, external_id, valid_from),
  constraint account_mappings_tenant_fkey foreign key (tenant_id) references hookledger.tenants (id),
  constraint account_mappings_validity_check check (valid_from < valid_to)
);

create table hookledger.price_plans (
  plan_id text not null,
  name text not null,
  currency text not null,
  components jsonb not null,
  position bigint not null,
  tenant_id text collate "C" not null default 'unassigned',
  constraint price_plans_pkey primary key (plan_id)
);

create table hookledger.price_plan_assignments (
  tenant_id text collate "C" not null,
  plan_id text not null,
  valid_from timestamptz not null,
  position bigint not null,
  constraint price_plan_assignments_pkey primary key (tenant_id, valid_from, position),
  constraint price_plan_assignments_tenant_fkey foreign key (tenant_id) references hookledger.tenants (id),
  constraint price_plan_assignments_plan_fkey foreign key (plan_id) references hookledger.price_plans (plan_id)
);

-- ---------------------------------------------------------------------------------------------------------------
-- The log
-- ---------------------------------------------------------------------------------------------------------------

-- CACHE 1: a session that kept numbers back could use one below a mark that others already trust.
create sequence hookledger.position_seq as bigint minvalue 1 cache 1;

create table hookledger.webhooks (
  position bigint not null,
  id uuid not null,
  source_id text not null,
  provider text not null,
  account text not null,
  mode text not null,
  books text not null,
  tenant_id text collate "C" not null,
  status text not null,
  detail text,
  provider_event_id text,
  provider_type text,
  method text not null,
  url text not null,
  headers jsonb not null,
  body bytea not null,
  content_hash bytea not null,
  received_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint webhooks_pkey primary key (position),
  constraint webhooks_status_check
    check (status in ('accepted', 'unmapped', 'unassigned', 'quarantined', 'conflict'))
) partition by range (position);
create index webhooks_id_idx on hookledger.webhooks (id);
create index webhooks_provider_event_id_idx on hookledger.webhooks (provider_event_id);
create index webhooks_status_idx on hookledger.webhooks (status, position) where status <> 'accepted';

create table hookledger.dedupe (
  key_hash bytea not null,
  content_hash bytea not null,
  webhook_id uuid not null,
  source_id text not null,
  first_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  constraint dedupe_pkey primary key (key_hash)
) partition by hash (key_hash);
create table hookledger.dedupe_p0 partition of hookledger.dedupe for values with (modulus 4, remainder 0);
create table hookledger.dedupe_p1 partition of hookledger.dedupe for values with (modulus 4, remainder 1);
create table hookledger.dedupe_p2 partition of hookledger.dedupe for values with (modulus 4, remainder 2);
create table hookledger.dedupe_p3 partition of hookledger.dedupe for values with (modulus 4, remainder 3);
comment on table hookledger.dedupe is
  'One row per (provider, account, mode, k), for ever; expires_at is set only where k is a hash of the content.';

create table hookledger.conflicts (
  key_hash bytea not null,
  content_hash bytea not null,
  webhook_id uuid not null,
  first_webhook_id uuid not null,
  tenant_id text collate "C" not null default 'unassigned',
  recorded_at timestamptz not null default clock_timestamp(),
  resolved_position bigint,
  constraint conflicts_pkey primary key (key_hash, content_hash)
);

create table hookledger.webhook_duplicates (
  webhook_id uuid not null,
  source_id text not null,
  tenant_id text collate "C" not null,
  received_at timestamptz not null
);
create index webhook_duplicates_webhook_id_idx on hookledger.webhook_duplicates (webhook_id);

-- A ring: a flood of forged requests overwrites old rejections and never grows the table.
create table hookledger.rejections (
  slot integer not null,
  id uuid not null,
  rejected_at timestamptz not null,
  provider text not null,
  source_id text not null,
  cause text not null,
  header_names text[] not null,
  body_hash bytea not null,
  body_bytes integer not null,
  tenant_id text collate "C" not null default 'unassigned',
  constraint rejections_pkey primary key (slot)
);
create sequence hookledger.rejection_seq as bigint minvalue 1 cache 1;

create table hookledger.streams (
  stream_key text collate "C" not null,
  kind text not null,
  provider text,
  account text,
  external_id text not null,
  mode text not null,
  tenant_id text collate "C" not null,
  version bigint not null default 0,
  fold_range integer not null,
  last_routed jsonb not null default '{}',
  constraint streams_pkey primary key (stream_key)
);
comment on column hookledger.streams.last_routed is 'Position last routed to each queue; source of outbox.prev.';

create table hookledger.events (
  position bigint not null,
  event_id uuid not null,
  type text not null,
  schema_version integer not null,
  stream_key text collate "C" not null,
  stream_kind text not null,
  version bigint not null,
  tenant_id text collate "C" not null,
  provider text,
  account text,
  external_id text not null,
  mode text not null,
  books text not null,
  source_id text,
  webhook_id uuid,
  causation_id uuid,
  correlation_id uuid not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  fold_range integer not null,
  fact_key text collate "C",
  fact_kind text,
  fact_rank integer,
  provider_time timestamptz,
  meter text,
  unit text,
  quantity numeric,
  amount numeric,
  currency text,
  data jsonb not null,
  personal jsonb,
  constraint events_pkey primary key (position),
  constraint events_fact_kind_check check (fact_kind in ('usage', 'cost', 'billed', 'payment', 'refund', 'failure'))
) partition by range (position);
create index events_stream_idx on hookledger.events (stream_key, version);
create index events_event_id_idx on hookledger.events (event_id);
create index events_webhook_id_idx on hookledger.events (webhook_id) where webhook_id is not null;
create index events_correlation_id_idx on hookledger.events (correlation_id);
create index events_tenant_idx on hookledger.events (tenant_id, position);
comment on column hookledger.events.personal is 'Names, numbers, addresses, texts. No fold reads it.';

create table hookledger.outbox (
  position bigint not null,
  queue text not null,
  replay_id text not null default 'live',
  generation integer not null default 0,
  tenant_id text collate "C" not null,
  target_position bigint not null,
  event_id uuid not null,
  event_type text not null,
  prev bigint,
  constraint outbox_pkey primary key (position, queue, replay_id, generation),
  constraint outbox_queue_check check (queue in
    ('ingress-events', 'orchestration-flows', 'integration-tasks', 'notifications', 'analytics-events'))
) partition by range (position);
create index outbox_lane_idx on hookledger.outbox (tenant_id, queue, position);
comment on column hookledger.outbox.position is 'Of the event that asked for this publication; the lane cursor moves over it.';
comment on column hookledger.outbox.prev is 'Position last routed to this queue in the stream; null: first, or order not tracked.';

create table hookledger.high_water_mark (
  singleton boolean not null default true,
  position bigint not null,
  moved_at timestamptz not null default clock_timestamp(),
  constraint high_water_mark_pkey primary key (singleton),
  constraint high_water_mark_singleton_check check (singleton)
);
insert into hookledger.high_water_mark (position) values (0);

create table hookledger.high_water_mark_history (
  at timestamptz not null,
  position bigint not null,
  constraint high_water_mark_history_pkey primary key (at)
);

create table hookledger.timers (
  key text collate "C" not null,
  tenant_id text collate "C" not null,
  due_at timestamptz not null,
  data jsonb not null,
  constraint timers_pkey primary key (key)
);
create index timers_due_at_idx on hookledger.timers (due_at);

-- ---------------------------------------------------------------------------------------------------------------
-- Relay and workers
-- ---------------------------------------------------------------------------------------------------------------

create table hookledger.leases (
  name text not null,
  owner text,
  token bigint not null default 0,
  lease_until timestamptz not null default '-infinity',
  constraint leases_pkey primary key (name)
);
comment on table hookledger.leases is 'token grows with every new owner: a late owner''s writes name an older one and change nothing.';
insert into hookledger.leases (name) select 'relay-' || n from generate_series(0, 15) n;
insert into hookledger.leases (name) values ('high-water-mark'), ('projections');

create table hookledger.lanes (
  tenant_id text collate "C" not null,
  queue text not null,
  shard integer not null,
  published_position bigint not null default 0,
  constraint lanes_pkey primary key (tenant_id, queue)
);

create function hookledger.create_lanes() returns trigger
language plpgsql security definer set search_path = hookledger, pg_temp as $$
begin
  insert into hookledger.lanes (tenant_id, queue, shard)
  select new.id, q, (hashtextextended(new.id, 0) & 15)::integer
  from unnest(array['ingress-events', 'orchestration-flows', 'integration-tasks', 'notifications', 'analytics-events']) q;
  return null;
end
$$;
create trigger tenants_create_lanes after insert on hookledger.tenants
  for each row execute function hookledger.create_lanes();
insert into hookledger.tenants (id, name) values ('unassigned', 'unassigned');

create table hookledger.inbox (
  position bigint not null,
  queue text not null,
  replay_id text not null,
  tenant_id text collate "C" not null,
  generation integer not null,
  outcome text not null,
  ended_at timestamptz not null default clock_timestamp(),
  constraint inbox_pkey primary key (position, queue, replay_id),
  constraint inbox_outcome_check check (outcome in ('done', 'dead', 'expired', 'purged'))
) partition by range (position);

create table hookledger.job_attempts (
  position bigint not null,
  queue text not null,
  replay_id text not null,
  generation integer not null,
  tenant_id text collate "C" not null,
  attempt integer not null,
  outcome text not null,
  detail text,
  transport text not null,
  started_at timestamptz not null,
  duration_ms integer not null,
  constraint job_attempts_outcome_check check (outcome in ('done', 'retry', 'dead'))
) partition by range (position);
create index job_attempts_position_idx on hookledger.job_attempts (position, queue);

create table hookledger.dead_letters (
  position bigint not null,
  queue text not null,
  replay_id text not null,
  generation integer not null,
  tenant_id text collate "C" not null,
  event_id uuid not null,
  event_type text not null,
  cause text not null,
  detail text not null,
  attempts integer not null,
  died_at timestamptz not null default clock_timestamp(),
  constraint dead_letters_pkey primary key (position, queue, replay_id, generation)
);

create table hookledger.intents (
  queue text not null,
  event_id uuid not null,
  replay_id text not null,
  step text not null,
  tenant_id text collate "C" not null,
  declared text not null,
  owner text not null,
  lease_until timestamptz not null,
  result jsonb,
  state text not null default 'open',
  constraint intents_pkey primary key (queue, event_id, replay_id, step),
  constraint intents_declared_check check (declared in ('idempotent', 'queryable', 'neither')),
  constraint intents_state_check check (state in ('open', 'done', 'uncertain'))
);

create table hookledger.notifications (
  dedupe_key text collate "C" not null,
  tenant_id text collate "C" not null,
  kind text not null,
  subject text not null,
  data jsonb not null,
  event_id uuid not null,
  position bigint not null,
  read_at timestamptz,
  constraint notifications_pkey primary key (tenant_id, kind, dedupe_key)
);
create index notifications_position_idx on hookledger.notifications (tenant_id, position);

create table hookledger.projections (
  name text not null,
  version integer not null,
  state text not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint projections_pkey primary key (name, version),
  constraint projections_state_check check (state in ('building', 'verifying', 'active', 'retired'))
);
create unique index projections_active_key on hookledger.projections (name) where state = 'active';

create table hookledger.projection_checkpoints (
  name text not null,
  version integer not null,
  fold_range_from integer not null,
  fold_range_to integer not null,
  position bigint not null default 0,
  constraint projection_checkpoints_pkey primary key (name, version, fold_range_from),
  constraint projection_checkpoints_projection_fkey foreign key (name, version)
    references hookledger.projections (name, version)
);

reset role;
