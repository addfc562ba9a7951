-- Receivables and cash: credit notes and what is owed, disputes and their fees, failed attempts, payouts, and the
-- balance transactions that a payout consists of.
--
-- What is there becomes right by folding: the read models of payments and invoices are emptied here and folded again from
-- the start of the log by the workers, with no command; that of payouts is folded for the first time. Until they have
-- caught up, answers stand at the position that they have reached, and say so. Credit notes and disputes that were
-- recorded before they were facts are folded by the ids in their data. Their codes, customers and refund reasons are in the
-- events, too. What was issued or closed is kept elsewhere and stays as it is: a month closed before keeps its figures.
set role hookledger_owner;

-- More than before, so that what is recorded fits without being looked at.
alter table hookledger.events drop constraint events_fact_kind_check;
alter table hookledger.events add constraint events_fact_kind_check
  check (fact_kind in ('usage', 'cost', 'billed', 'credit', 'payment', 'refund', 'failure', 'dispute')) not valid;

-- What was folded before knows nothing of these. So it is folded again, see above.
truncate hookledger.payments_v1, hookledger.payment_lines_v1, hookledger.invoices_v1, hookledger.invoice_lines_v1;
update hookledger.projection_checkpoints set position = 0 where name in ('payments', 'invoices') and version = 1;

alter table hookledger.payments_v1
  add column disputed numeric not null default 0,
  add column fees numeric not null default 0,
  add column net_cash numeric,
  add column is_there boolean not null default true,
  drop constraint payments_v1_pkey;
alter table hookledger.payments_v1 add constraint payments_v1_pkey primary key (stream_key, position, is_there);
comment on column hookledger.payments_v1.disputed is
  'Withdrawn by disputes less reinstated, in the currency of the payment. Collected (amount less refunded) does not have it.';
comment on column hookledger.payments_v1.net_cash is
  'amount - refunded - disputed - fees; null where any of it is in another currency.';
comment on column hookledger.payments_v1.is_there is
  'False in the last row for the tenant that the payment was of before it moved: for that tenant there is none any more.';

alter table hookledger.payment_lines_v1
  drop constraint payment_lines_v1_kind_check,
  add constraint payment_lines_v1_kind_check check (kind in ('payment', 'refund', 'dispute', 'fee'));
comment on column hookledger.payment_lines_v1.kind is
  'payment and refund are what is collected; dispute (withdrawn is negative) and fee stand beside it.';

alter table hookledger.invoices_v1
  add column from_customer_balance numeric not null default 0,
  add column credited numeric not null default 0,
  add column credited_paid numeric not null default 0,
  add column balance numeric not null default 0,
  add column settled_elsewhere numeric not null default 0,
  add column is_there boolean not null default true,
  drop constraint invoices_v1_pkey,
  drop constraint invoices_v1_status_check,
  add constraint invoices_v1_status_check
    check (status in ('unknown', 'draft', 'open', 'paid', 'uncollectible', 'void'));
alter table hookledger.invoices_v1 add constraint invoices_v1_pkey primary key (stream_key, position, is_there);
create index invoices_v1_invoice_idx on hookledger.invoices_v1 (invoice_id, position);
comment on column hookledger.invoices_v1.status is 'unknown: only a credit note of it was told so far.';
comment on column hookledger.invoices_v1.credited is 'By credit notes that are not void, tax included.';
comment on column hookledger.invoices_v1.credited_paid is
  'The part of credited that was paid before: given back or kept for the customer, so that it lowers no balance.';
comment on column hookledger.invoices_v1.balance is
  'What is owed: total - paid - from_customer_balance - (credited - credited_paid); 0 of a draft or a void one, and at most 0 of a paid one.';
comment on column hookledger.invoices_v1.settled_elsewhere is
  'Of a paid one: what neither money nor credit covers, which is owed no more since the provider says that it is paid.';

alter table hookledger.invoice_lines_v1
  add column kind text not null default 'invoice',
  add column fact_key text collate "C",
  add constraint invoice_lines_v1_kind_check check (kind in ('invoice', 'credit_note'));
comment on column hookledger.invoice_lines_v1.kind is 'credit_note: negative, at the time of the credit note.';
comment on column hookledger.invoice_lines_v1.fact_key is 'Of the invoice, or of its credit note.';

create table hookledger.credit_notes_v1 (
  stream_key text collate "C" not null,
  part_key text collate "C" not null,
  position bigint not null,
  event_id uuid not null,
  is_there boolean not null,
  tenant_id text collate "C" not null,
  provider text not null,
  account text not null,
  mode text not null,
  books text not null,
  invoice_id text not null,
  invoice_number text,
  credit_note_id text not null,
  credit_note_number text,
  customer_id text,
  status text not null,
  reason text,
  net numeric not null,
  tax numeric not null,
  total numeric not null,
  already_paid numeric not null,
  currency text not null,
  issued_at timestamptz not null,
  voided_at timestamptz,
  constraint credit_notes_v1_pkey primary key (stream_key, part_key, position, is_there),
  constraint credit_notes_v1_status_check check (status in ('issued', 'void'))
);

create table hookledger.refunds_v1 (
  stream_key text collate "C" not null,
  part_key text collate "C" not null,
  position bigint not null,
  event_id uuid not null,
  is_there boolean not null,
  tenant_id text collate "C" not null,
  provider text not null,
  account text not null,
  mode text not null,
  books text not null,
  payment_id text not null,
  charge_id text,
  refund_id text,
  status text not null,
  is_counted boolean not null,
  reason text,
  amount numeric not null,
  currency text not null,
  refunded_at timestamptz not null,
  constraint refunds_v1_pkey primary key (stream_key, part_key, position, is_there)
);
comment on column hookledger.refunds_v1.status is
  'Of the provider, or unlisted: what the total of a charge has beyond the refunds that are listed.';
comment on column hookledger.refunds_v1.is_counted is 'Whether it lowers what is collected.';

create table hookledger.payment_failures_v1 (
  stream_key text collate "C" not null,
  part_key text collate "C" not null,
  position bigint not null,
  event_id uuid not null,
  is_there boolean not null,
  tenant_id text collate "C" not null,
  provider text not null,
  account text not null,
  mode text not null,
  books text not null,
  payment_id text not null,
  charge_id text,
  customer_id text,
  invoice_ids text[] not null,
  attempt_no integer not null,
  failure_code text,
  decline_code text,
  category text not null,
  amount numeric not null,
  currency text not null,
  failed_at timestamptz not null,
  recovered_at timestamptz,
  constraint payment_failures_v1_pkey primary key (stream_key, part_key, position, is_there)
);
comment on column hookledger.payment_failures_v1.recovered_at is 'When the payment succeeded after all.';

create table hookledger.disputes_v1 (
  stream_key text collate "C" not null,
  part_key text collate "C" not null,
  position bigint not null,
  event_id uuid not null,
  is_there boolean not null,
  tenant_id text collate "C" not null,
  provider text not null,
  account text not null,
  mode text not null,
  books text not null,
  payment_id text not null,
  charge_id text,
  invoice_ids text[] not null,
  dispute_id text,
  status text not null,
  outcome text,
  reason text,
  amount numeric not null,
  currency text not null,
  opened_at timestamptz not null,
  evidence_due_at timestamptz,
  closed_at timestamptz,
  withdrawn numeric,
  reinstated numeric,
  fee numeric,
  money_currency text,
  constraint disputes_v1_pkey primary key (stream_key, part_key, position, is_there),
  constraint disputes_v1_outcome_check check (outcome in ('won', 'lost', 'closed'))
);
comment on column hookledger.disputes_v1.outcome is 'Null while it is open; closed: over without a decision.';
comment on column hookledger.disputes_v1.withdrawn is
  'What moved, in money_currency; null before anything did, and where it moved in several currencies.';

create table hookledger.payouts_v1 (
  stream_key text collate "C" not null,
  position bigint not null,
  event_id uuid not null,
  is_there boolean not null,
  tenant_id text collate "C" not null,
  provider text not null,
  account text not null,
  mode text not null,
  books text not null,
  payout_id text not null,
  status text not null,
  amount numeric not null,
  currency text not null,
  is_automatic boolean,
  method text,
  arrives_at timestamptz,
  paid_at timestamptz,
  failed_at timestamptz,
  failure_code text,
  state jsonb not null,
  constraint payouts_v1_pkey primary key (stream_key, position, is_there),
  constraint payouts_v1_status_check check (status in ('paid', 'failed'))
);
create index payouts_v1_payout_idx on hookledger.payouts_v1 (payout_id, position);

create table hookledger.balance_transactions (
  position bigint not null,
  stream_key text collate "C" not null,
  provider text not null,
  account text not null,
  mode text not null,
  transaction_id text collate "C" not null,
  payout_id text,
  category text collate "C" not null,
  gross numeric not null,
  fee numeric not null,
  net numeric not null,
  currency text collate "C" not null,
  created_at timestamptz,
  available_at timestamptz,
  source_id text,
  description text,
  tenant_id text collate "C" not null default 'unassigned',
  constraint balance_transactions_pkey primary key (position),
  constraint balance_transactions_net_check check (net = gross - fee)
);
create index balance_transactions_stream_idx on hookledger.balance_transactions (stream_key, position);
create index balance_transactions_payout_idx on hookledger.balance_transactions (payout_id);
comment on table hookledger.balance_transactions is
  'Append-only, folded with its events: of one transaction the row with the greatest position holds.';

do $$
declare
  v_table text;
begin
  foreach v_table in array array['credit_notes_v1', 'refunds_v1', 'payment_failures_v1', 'disputes_v1', 'payouts_v1']
  loop
    execute format('alter table hookledger.%I enable row level security', v_table);
    execute format(
      'create policy application on hookledger.%I to hookledger_app
         using ((select current_setting(''hookledger.tenant'', true)) = ''*''
           or tenant_id = (select current_setting(''hookledger.tenant'', true)))', v_table);
    execute format(
      'create policy tenant on hookledger.%I for select to hookledger_tenant
         using (tenant_id = (select current_setting(''hookledger.tenant'', true)))', v_table);
    execute format('grant select, insert on hookledger.%I to hookledger_app', v_table);
    execute format('grant select on hookledger.%I to hookledger_tenant', v_table);
    execute format(
      'comment on table hookledger.%I is
         ''Append-only: as of p, the row of a key with the greatest position at or below p, unless it is not there.''',
      v_table);
  end loop;
end
$$;
-- A transaction of the platform's balance is of no tenant: its reader may ask, and without a policy finds no row.
alter table hookledger.balance_transactions enable row level security;
create policy application on hookledger.balance_transactions to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*');
grant select, insert on hookledger.balance_transactions to hookledger_app;
grant select on hookledger.balance_transactions to hookledger_tenant;

insert into hookledger.projections (name, version, state) values ('payouts', 1, 'active');
insert into hookledger.projection_checkpoints (name, version, fold_range_from, fold_range_to)
values ('payouts', 1, 0, 65535);

reset role;
