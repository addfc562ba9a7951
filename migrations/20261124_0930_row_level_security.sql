-- Who sees what. A transaction names its scope in hookledger.tenant: one tenant, or '*' for the platform's own work;
-- without it, the application role sees nothing. The tenant role never sees more than the one tenant it names.
set role hookledger_owner;

do $$
declare
  v_table text;
begin
  for v_table in
    select c.table_name from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'hookledger' and c.column_name = 'tenant_id' and t.table_type = 'BASE TABLE'
      and not exists (
        select from pg_inherits i where i.inhrelid = format('hookledger.%I', c.table_name)::regclass)
  loop
    execute format('alter table hookledger.%I enable row level security', v_table);
    execute format(
      'create policy application on hookledger.%I to hookledger_app
         using ((select current_setting(''hookledger.tenant'', true)) = ''*''
           or tenant_id = (select current_setting(''hookledger.tenant'', true)))', v_table);
    execute format(
      'create policy tenant on hookledger.%I for select to hookledger_tenant
         using (tenant_id = (select current_setting(''hookledger.tenant'', true)))', v_table);
  end loop;
end
$$;

alter table hookledger.tenants enable row level security;
create policy application on hookledger.tenants to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*'
    or id = (select current_setting('hookledger.tenant', true)));
create policy tenant on hookledger.tenants for select to hookledger_tenant
  using (id = (select current_setting('hookledger.tenant', true)));

-- Price plans are the platform's own; a tenant sees the ones assigned to it.
drop policy tenant on hookledger.price_plans;
create policy tenant on hookledger.price_plans for select to hookledger_tenant
  using (exists (select from hookledger.price_plan_assignments a where a.plan_id = price_plans.plan_id));
drop policy application on hookledger.price_plans;
create policy application on hookledger.price_plans to hookledger_app using (true);

-- Infrastructure: no tenant's rows in it, so the policy says only who may come here at all.
do $$
declare
  v_table text;
begin
  foreach v_table in array array['dedupe', 'high_water_mark', 'high_water_mark_history', 'leases', 'projections',
    'projection_checkpoints']
  loop
    execute format('alter table hookledger.%I enable row level security', v_table);
    execute format('create policy application on hookledger.%I to hookledger_app using (true)', v_table);
  end loop;
end
$$;
create policy tenant on hookledger.high_water_mark for select to hookledger_tenant using (true);
create policy tenant on hookledger.high_water_mark_history for select to hookledger_tenant using (true);
create policy tenant on hookledger.projections for select to hookledger_tenant using (true);
create policy tenant on hookledger.projection_checkpoints for select to hookledger_tenant using (true);

grant select on all tables in schema hookledger to hookledger_app;
grant select on hookledger.position_seq to hookledger_app;
grant insert, update, delete on
  hookledger.tenants, hookledger.sources, hookledger.api_keys, hookledger.sign_in_links, hookledger.console_sessions
  to hookledger_app;
grant insert, update on
  hookledger.account_mappings, hookledger.inbox, hookledger.intents, hookledger.notifications,
  hookledger.high_water_mark, hookledger.projection_checkpoints, hookledger.usage_facts_v1, hookledger.usage_sums_v1
  to hookledger_app;
grant insert on
  hookledger.price_plans, hookledger.price_plan_assignments, hookledger.high_water_mark_history,
  hookledger.job_attempts, hookledger.dead_letters, hookledger.usage_lines_v1, hookledger.payments_v1,
  hookledger.payment_lines_v1, hookledger.invoices_v1, hookledger.invoice_lines_v1
  to hookledger_app;
grant update on hookledger.lanes, hookledger.leases to hookledger_app;
grant insert, delete on hookledger.timers to hookledger_app;

grant select on
  hookledger.tenants, hookledger.webhooks, hookledger.events, hookledger.price_plans, hookledger.price_plan_assignments,
  hookledger.notifications, hookledger.high_water_mark, hookledger.high_water_mark_history, hookledger.projections,
  hookledger.projection_checkpoints, hookledger.usage_facts_v1, hookledger.usage_lines_v1, hookledger.usage_sums_v1,
  hookledger.payments_v1, hookledger.payment_lines_v1, hookledger.invoices_v1, hookledger.invoice_lines_v1
  to hookledger_tenant;
-- Personal data and raw bodies are for roles that may see them, not for a tenant's finance key.
revoke select on hookledger.webhooks from hookledger_tenant;
grant select (position, id, source_id, provider, account, mode, books, tenant_id, status, detail, provider_event_id,
  provider_type, method, received_at, recorded_at, content_hash) on hookledger.webhooks to hookledger_tenant;
revoke select on hookledger.events from hookledger_tenant;
grant select (position, event_id, type, schema_version, stream_key, stream_kind, version, tenant_id, provider, account,
  external_id, mode, books, source_id, webhook_id, causation_id, correlation_id, occurred_at, recorded_at, fold_range,
  fact_key, fact_kind, fact_rank, provider_time, meter, unit, quantity, amount, currency, data)
  on hookledger.events to hookledger_tenant;

-- Partitions are reached through their parents only.
do $$
declare
  v_partition regclass;
begin
  for v_partition in
    select i.inhrelid::regclass from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where c.relnamespace = 'hookledger'::regnamespace and c.relkind = 'r'
  loop
    execute format('revoke all on %s from hookledger_app, hookledger_tenant', v_partition);
  end loop;
end
$$;

revoke all on all functions in schema hookledger from public;
grant execute on function
  hookledger.record_webhooks(json, json, bytea), hookledger.append_events(json), hookledger.record_rejections(json),
  hookledger.ensure_partitions()
  to hookledger_app;

reset role;
