-- Versions of a projection, side by side: each has tables of its own, made after those of the active one. The
-- application owns nothing, so that what makes, indexes and drops them are functions, for registered names only.
set role hookledger_owner;

alter table hookledger.projections
  add column epoch integer not null default 0,
  add column fold_version integer not null default 1,
  add column target bigint,
  add column stage text,
  add column started_at timestamptz,
  add column started_by text,
  add column reason text,
  add column verified_position bigint,
  add column verified_differences integer,
  add column verified_closed integer,
  add column keep_until timestamptz,
  add constraint projections_stage_check check (stage in ('folding', 'finishing', 'catching-up'));
comment on column hookledger.projections.epoch is
  'Goes up whenever another version becomes the active one, and when a rebuild is taken up again.';
comment on column hookledger.projections.fold_version is
  'Which fold writes its tables: processes that do not know it leave it to those that do.';
comment on column hookledger.projections.target is 'Position that a rebuild folds whole streams up to.';
comment on column hookledger.projections.keep_until is
  'A retired version is kept up to date until then, so that it can be promoted again at once; then it is dropped.';

alter table hookledger.projection_checkpoints
  add column folded_range integer,
  add column events bigint not null default 0,
  add column expected_events bigint;
comment on column hookledger.projection_checkpoints.folded_range is
  'In a rebuild, the last fold range whose streams are written; null before the first.';
comment on column hookledger.projection_checkpoints.events is 'In a rebuild, how many are folded; expected_events in all.';

grant insert, update, delete on hookledger.projections to hookledger_app;
grant delete on hookledger.projection_checkpoints to hookledger_app;

create table hookledger.projection_tables (
  name text not null,
  table_name text not null,
  constraint projection_tables_pkey primary key (table_name)
);
comment on table hookledger.projection_tables is 'Tables of a projection, without the version: usage_lines is usage_lines_v1 in version 1.';
insert into hookledger.projection_tables (name, table_name) values
  ('usage', 'usage_facts'), ('usage', 'usage_cost_reports'), ('usage', 'usage_lines'), ('usage', 'usage_sums'),
  ('usage', 'usage_days'),
  ('payments', 'payments'), ('payments', 'payment_lines'), ('payments', 'refunds'), ('payments', 'payment_failures'),
  ('payments', 'disputes'),
  ('invoices', 'invoices'), ('invoices', 'invoice_lines'), ('invoices', 'credit_notes'),
  ('payouts', 'payouts'),
  ('calls', 'call_links');
alter table hookledger.projection_tables enable row level security;
alter table hookledger.projection_tables force row level security;
create policy owner on hookledger.projection_tables to hookledger_owner using (true);
create policy application on hookledger.projection_tables to hookledger_app using (true);
create policy tenant on hookledger.projection_tables for select to hookledger_tenant using (true);
grant select on hookledger.projection_tables to hookledger_app, hookledger_tenant;

create function hookledger.version_of_tables(p_name text, p_version integer, p_states text[]) returns void
language plpgsql stable set search_path = hookledger, pg_temp as $$
begin
  if not exists (select from projections where name = p_name and version = p_version and state = any (p_states)) then
    raise exception 'Projection % has no version % that is %.', p_name, p_version, array_to_string(p_states, ' or ');
  end if;
end
$$;

-- Without indexes and triggers, and their policies not in force, so that many rows can be written fast, by COPY: nobody
-- but the application has any right on them meanwhile.
create function hookledger.create_version_tables(p_name text, p_version integer) returns void
language plpgsql security definer set search_path = hookledger, pg_temp as $$
declare
  v_active integer;
  v_table text;
  v_from text;
  v_to text;
  v_policy record;
begin
  perform version_of_tables(p_name, p_version, array['building']);
  select version into strict v_active from projections where name = p_name and state = 'active';
  for v_table in select table_name from projection_tables where name = p_name order by table_name loop
    v_from := v_table || '_v' || v_active;
    v_to := v_table || '_v' || p_version;
    execute format(
      'create table %I (like %I including defaults including constraints including storage including comments)',
      v_to, v_from);
    for v_policy in
      select p.policyname, p.cmd, p.qual, p.with_check, p.permissive,
        (select string_agg(quote_ident(r), ', ') from unnest(p.roles) r) as roles
      from pg_policies p where p.schemaname = 'hookledger' and p.tablename = v_from
    loop
      execute format('create policy %I on %I as %s for %s to %s', v_policy.policyname, v_to, v_policy.permissive,
          v_policy.cmd, v_policy.roles)
        || coalesce(' using (' || v_policy.qual || ')', '')
        || coalesce(' with check (' || v_policy.with_check || ')', '');
    end loop;
    execute format('grant select, insert, update on %I to hookledger_app', v_to);
  end loop;
end
$$;

-- From here on everybody may do with it what they may with the active version's.
create function hookledger.index_version_table(p_name text, p_version integer, p_table text) returns void
language plpgsql security definer set search_path = hookledger, pg_temp as $$
declare
  v_from text;
  v_to text := p_table || '_v' || p_version;
  v_each record;
begin
  perform version_of_tables(p_name, p_version, array['building']);
  select t.table_name || '_v' || p.version into strict v_from
  from projection_tables t join projections p using (name)
  where t.name = p_name and t.table_name = p_table and p.state = 'active';
  for v_each in
    select conname, pg_get_constraintdef(oid) as definition from pg_constraint
    where conrelid = v_from::regclass and contype in ('p', 'u') order by conname
  loop
    execute format('alter table %I add constraint %I %s', v_to, replace(v_each.conname, v_from, v_to),
      v_each.definition);
  end loop;
  for v_each in
    select pg_get_indexdef(i.indexrelid) as definition from pg_index i
    where i.indrelid = v_from::regclass
      and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
    order by 1
  loop
    execute replace(v_each.definition, v_from, v_to);
  end loop;
  for v_each in
    select pg_get_triggerdef(oid) as definition from pg_trigger
    where tgrelid = v_from::regclass and not tgisinternal order by tgname
  loop
    execute replace(v_each.definition, v_from, v_to);
  end loop;
  execute format('alter table %I enable row level security', v_to);
  execute format('alter table %I force row level security', v_to);
  execute format('revoke all on %I from hookledger_app', v_to);
  for v_each in
    select a.privilege_type, a.grantee::regrole::text as grantee
    from pg_class c cross join aclexplode(c.relacl) a
    where c.oid = v_from::regclass and a.grantee <> c.relowner
  loop
    execute format('grant %s on %I to %s', v_each.privilege_type, v_to, v_each.grantee);
  end loop;
  execute format('analyze %I', v_to);
end
$$;

create function hookledger.drop_version(p_name text, p_version integer) returns void
language plpgsql security definer set search_path = hookledger, pg_temp as $$
declare
  v_table text;
begin
  perform version_of_tables(p_name, p_version, array['building', 'verifying', 'retired']);
  for v_table in select table_name from projection_tables where name = p_name order by table_name loop
    execute format('drop table if exists %I', v_table || '_v' || p_version);
  end loop;
  delete from projection_checkpoints where name = p_name and version = p_version;
  delete from projections where name = p_name and version = p_version;
end
$$;

revoke all on function hookledger.version_of_tables(text, integer, text[]),
  hookledger.create_version_tables(text, integer), hookledger.index_version_table(text, integer, text),
  hookledger.drop_version(text, integer) from public;
grant execute on function hookledger.create_version_tables(text, integer),
  hookledger.index_version_table(text, integer, text), hookledger.drop_version(text, integer) to hookledger_app;

reset role;
