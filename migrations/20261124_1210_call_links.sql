-- One call across providers: which call of another provider is a leg of this one.
set role hookledger_owner;

create table hookledger.call_links_v1 (
  stream_key text collate "C" not null,
  provider text not null,
  account text,
  linked_id text collate "C" not null,
  tenant_id text collate "C" not null,
  mode text not null,
  books text not null,
  position bigint not null,
  event_id uuid not null,
  constraint call_links_v1_pkey primary key (stream_key, provider, linked_id, tenant_id)
);
create index call_links_v1_linked_idx on hookledger.call_links_v1 (linked_id, provider, position);
comment on table hookledger.call_links_v1 is
  'Append-only: once for each link of the stream, and once more for the tenant that the stream moved to.';
comment on column hookledger.call_links_v1.account is 'At the provider of the leg; null where the link does not name it.';
comment on column hookledger.call_links_v1.linked_id is 'Of the leg at its provider, encoded as in the key of its stream.';

alter table hookledger.call_links_v1 enable row level security;
create policy application on hookledger.call_links_v1 to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*'
    or tenant_id = (select current_setting('hookledger.tenant', true)));
create policy tenant on hookledger.call_links_v1 for select to hookledger_tenant
  using (tenant_id = (select current_setting('hookledger.tenant', true)));
grant select, insert on hookledger.call_links_v1 to hookledger_app;
grant select on hookledger.call_links_v1 to hookledger_tenant;

-- A link names the leg by its id alone. A column, because row-level security keeps an index on an expression from use.
alter table hookledger.usage_facts_v1 add column call_id text collate "C";
comment on column hookledger.usage_facts_v1.call_id is
  'Of a call: its id at the provider, encoded as in the key of its stream; null for anything else.';
update hookledger.usage_facts_v1 set call_id = split_part(stream_key, '/', 5) where stream_key like 'call/%';
create index usage_facts_v1_call_idx on hookledger.usage_facts_v1 (call_id) where call_id is not null;

insert into hookledger.projections (name, version, state) values ('calls', 1, 'active');
insert into hookledger.projection_checkpoints (name, version, fold_range_from, fold_range_to)
values ('calls', 1, 0, 65535);

reset role;
