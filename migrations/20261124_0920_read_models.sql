-- Read models, version 1 of each projection. Lines are append-only: a change is a line with the difference.
set role hookledger_owner;

create table hookledger.usage_facts_v1 (
  fact_key text collate "C" not null,
  kind text not null,
  stream_key text collate "C" not null,
  tenant_id text collate "C" not null,
  provider text not null,
  mode text not null,
  books text not null,
  meter text not null,
  unit text not null,
  occurred_at timestamptz not null,
  fact_rank integer not null,
  provider_time timestamptz not null,
  position bigint not null,
  event_id uuid not null,
  quantity numeric,
  cost numeric,
  cost_currency text,
  rated numeric,
  rated_currency text,
  plan_id text,
  differing_reports integer not null default 0,
  constraint usage_facts_v1_pkey primary key (fact_key)
);
create index usage_facts_v1_stream_idx on hookledger.usage_facts_v1 (stream_key);
create index usage_facts_v1_tenant_idx on hookledger.usage_facts_v1 (tenant_id, occurred_at);

create table hookledger.usage_lines_v1 (
  position bigint not null,
  line_no integer not null,
  fact_key text collate "C" not null,
  event_id uuid not null,
  cause text not null,
  kind text not null,
  tenant_id text collate "C" not null,
  provider text not null,
  mode text not null,
  books text not null,
  meter text not null,
  unit text not null,
  occurred_at timestamptz not null,
  facts integer not null,
  quantity numeric not null,
  cost numeric not null,
  cost_currency text not null,
  rated numeric not null,
  rated_currency text not null,
  plan_id text,
  unpriced integer not null,
  constraint usage_lines_v1_pkey primary key (position, line_no)
);
create index usage_lines_v1_fact_idx on hookledger.usage_lines_v1 (fact_key);
create index usage_lines_v1_tenant_idx on hookledger.usage_lines_v1 (tenant_id, occurred_at);
comment on column hookledger.usage_lines_v1.cause is 'fact, superseded, tenant-moved or re-rated';
comment on column hookledger.usage_lines_v1.cost_currency is 'Empty where the line carries no cost.';
comment on column hookledger.usage_lines_v1.unpriced is 'Difference in the number of usage facts without a price.';

create table hookledger.usage_sums_v1 (
  tenant_id text collate "C" not null,
  mode text not null,
  books text not null,
  provider text not null,
  kind text not null,
  meter text not null,
  unit text not null,
  bucket timestamptz not null,
  cost_currency text not null,
  rated_currency text not null,
  facts bigint not null,
  quantity numeric not null,
  cost numeric not null,
  rated numeric not null,
  unpriced bigint not null,
  line_count bigint not null,
  min_position bigint not null,
  max_position bigint not null,
  checksum numeric not null,
  constraint usage_sums_v1_pkey primary key
    (tenant_id, mode, books, provider, kind, meter, unit, bucket, cost_currency, rated_currency)
);
comment on column hookledger.usage_sums_v1.bucket is 'Start of 15 minutes, UTC: every zone offset in force is a multiple of it.';
comment on column hookledger.usage_sums_v1.checksum is 'Sum of 64-bit hashes of (position, line_no): proves that the bucket is its lines.';

create table hookledger.payments_v1 (
  stream_key text collate "C" not null,
  position bigint not null,
  event_id uuid not null,
  payment_id text not null,
  tenant_id text collate "C" not null,
  provider text not null,
  account text not null,
  mode text not null,
  books text not null,
  status text not null,
  amount numeric not null,
  refunded numeric not null,
  currency text,
  customer_id text,
  invoice_ids text[] not null,
  settled_at timestamptz,
  failed_attempts integer not null,
  failure_code text,
  differing_reports integer not null,
  state jsonb not null,
  constraint payments_v1_pkey primary key (stream_key, position),
  constraint payments_v1_status_check
    check (status in ('pending', 'failed', 'succeeded', 'partially_refunded', 'refunded'))
);
create index payments_v1_tenant_idx on hookledger.payments_v1 (tenant_id, position);
comment on table hookledger.payments_v1 is
  'Append-only: a payment as of p is its row with the greatest position at or below p. state is what the fold goes on from.';

create table hookledger.payment_lines_v1 (
  position bigint not null,
  line_no integer not null,
  stream_key text collate "C" not null,
  event_id uuid not null,
  tenant_id text collate "C" not null,
  provider text not null,
  mode text not null,
  books text not null,
  kind text not null,
  settled_at timestamptz not null,
  amount numeric not null,
  currency text not null,
  constraint payment_lines_v1_pkey primary key (position, line_no),
  constraint payment_lines_v1_kind_check check (kind in ('payment', 'refund'))
);
create index payment_lines_v1_tenant_idx on hookledger.payment_lines_v1 (tenant_id, settled_at);
comment on column hookledger.payment_lines_v1.amount is 'Signed: a refund is negative.';

create table hookledger.invoices_v1 (
  stream_key text collate "C" not null,
  position bigint not null,
  event_id uuid not null,
  invoice_id text not null,
  invoice_number text,
  tenant_id text collate "C" not null,
  provider text not null,
  account text not null,
  mode text not null,
  books text not null,
  status text not null,
  net numeric not null,
  tax numeric not null,
  total numeric not null,
  paid numeric not null,
  currency text,
  customer_id text,
  issued_at timestamptz,
  due_at timestamptz,
  state jsonb not null,
  constraint invoices_v1_pkey primary key (stream_key, position),
  constraint invoices_v1_status_check check (status in ('draft', 'open', 'paid', 'uncollectible', 'void'))
);
create index invoices_v1_tenant_idx on hookledger.invoices_v1 (tenant_id, position);

create table hookledger.invoice_lines_v1 (
  position bigint not null,
  line_no integer not null,
  stream_key text collate "C" not null,
  event_id uuid not null,
  tenant_id text collate "C" not null,
  provider text not null,
  mode text not null,
  books text not null,
  issued_at timestamptz not null,
  net numeric not null,
  tax numeric not null,
  currency text not null,
  constraint invoice_lines_v1_pkey primary key (position, line_no)
);
create index invoice_lines_v1_tenant_idx on hookledger.invoice_lines_v1 (tenant_id, issued_at);

insert into hookledger.projections (name, version, state)
values ('usage', 1, 'active'), ('payments', 1, 'active'), ('invoices', 1, 'active');
insert into hookledger.projection_checkpoints (name, version, fold_range_from, fold_range_to)
values ('usage', 1, 0, 65535), ('payments', 1, 0, 65535), ('invoices', 1, 0, 65535);

reset role;
