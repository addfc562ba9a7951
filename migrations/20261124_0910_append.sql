-- Append-only by trigger, partitions ahead of the sequence, and the functions that append.
set role hookledger_owner;

-- Advisory lock (7283, 1): every transaction that draws a position holds it, shared, from before its first draw.
-- The tracker of the high-water mark waits for holders; nobody ever takes it exclusively, so taking it never waits.
create function hookledger.require_append_lock() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from pg_locks
    where locktype = 'advisory' and classid = 7283 and objid = 1 and objsubid = 2
      and pid = pg_backend_pid() and mode = 'ShareLock' and granted
  ) then
    raise exception 'insert into % without the append lock', tg_table_name
      using errcode = 'HL001', hint = 'Append through hookledger.record_webhooks or hookledger.append_events.';
  end if;
  return null;
end
$$;

create function hookledger.refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% on %: events are append-only', tg_op, tg_table_name using errcode = 'HL002';
end
$$;

create trigger events_require_append_lock before insert on hookledger.events
  for each statement execute function hookledger.require_append_lock();
create trigger outbox_require_append_lock before insert on hookledger.outbox
  for each statement execute function hookledger.require_append_lock();
create trigger events_append_only before update or delete on hookledger.events
  for each row execute function hookledger.refuse_change();
create trigger events_no_truncate before truncate on hookledger.events
  for each statement execute function hookledger.refuse_change();
alter table hookledger.events enable always trigger events_require_append_lock;
alter table hookledger.outbox enable always trigger outbox_require_append_lock;
alter table hookledger.events enable always trigger events_append_only;
alter table hookledger.events enable always trigger events_no_truncate;

-- Makes partitions up to 20 million positions past the sequence. Safe to repeat and to run side by side.
create function hookledger.ensure_partitions() returns integer
language plpgsql security definer set search_path = hookledger, pg_temp as $$
declare
  v_size constant bigint := 10000000;
  v_parent text;
  v_first bigint;
  v_name text;
  v_made integer := 0;
begin
  perform pg_advisory_xact_lock(7283, 2);
  foreach v_parent in array array['webhooks', 'events', 'outbox', 'inbox', 'job_attempts'] loop
    for v_first in
      select n * v_size from generate_series(0, (select last_value / v_size + 2 from hookledger.position_seq)) n
    loop
      v_name := v_parent || '_' || lpad((v_first / v_size)::text, 6, '0');
      if to_regclass('hookledger.' || v_name) is null then
        -- Attaching blocks no append; creating it as a partition would wait for every one of them.
        execute format('create table hookledger.%I (like hookledger.%I including defaults including constraints)',
          v_name, v_parent);
        execute format('alter table hookledger.%I attach partition hookledger.%I for values from (%s) to (%s)',
          v_parent, v_name, v_first, v_first + v_size);
        if v_parent in ('events', 'outbox') then
          execute format('create trigger %I before insert on hookledger.%I for each statement
            execute function hookledger.require_append_lock()', v_name || '_require_append_lock', v_name);
          execute format('alter table hookledger.%I enable always trigger %I', v_name, v_name || '_require_append_lock');
        end if;
        if v_parent = 'events' then
          execute format('create trigger %I before truncate on hookledger.%I for each statement
            execute function hookledger.refuse_change()', v_name || '_no_truncate', v_name);
          execute format('alter table hookledger.%I enable always trigger %I', v_name, v_name || '_no_truncate');
        end if;
        v_made := v_made + 1;
      end if;
    end loop;
  end loop;
  return v_made;
end
$$;
select hookledger.ensure_partitions();

create type hookledger.new_event as (
  webhook integer,
  event_id uuid,
  type text,
  schema_version integer,
  stream_key text,
  stream_kind text,
  provider text,
  account text,
  external_id text,
  tenant_id text,
  mode text,
  books text,
  source_id text,
  webhook_id uuid,
  causation_id uuid,
  correlation_id uuid,
  occurred_at timestamptz,
  fact_key text,
  fact_kind text,
  fact_rank integer,
  provider_time timestamptz,
  meter text,
  unit text,
  quantity numeric,
  amount numeric,
  currency text,
  data jsonb,
  personal jsonb,
  queues text[]
);

-- Streams (locked in key order), then the append lock and the positions, then events and outbox rows.
-- An event takes its stream's tenant. A stream that began without one takes the first that a later event names, by an
-- event of its own; nothing is guessed: the provider's own data names the mapped account.
-- The plans are pinned to index look-ups: one made while the tables are small would be kept, by a pooled session, long
-- after scanning a table has become the wrong way to find two hundred rows in it.
create function hookledger.append_new_events(p_events hookledger.new_event[])
returns table (webhook integer, event_id uuid, "position" bigint, tenant_id text, type text)
language plpgsql volatile set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_events hookledger.new_event[];
  v_moves hookledger.new_event[];
  v_new_streams text[];
  v_positions bigint[];
  -- By ordinal of the event.
  v_tenants text[];
  v_versions bigint[];
  v_fold_ranges integer[];
begin
  -- A stream that is new is written once, with the version that it has after this batch.
  with inserted as (
    insert into hookledger.streams as s
      (stream_key, kind, provider, account, external_id, mode, tenant_id, fold_range, version)
    select distinct on (e.stream_key collate "C")
      e.stream_key, e.stream_kind, e.provider, e.account, e.external_id, e.mode, e.tenant_id,
      (hashtextextended(e.stream_key, 0) & 65535)::integer,
      count(*) over (partition by e.stream_key collate "C")
    from unnest(p_events) with ordinality e
    order by e.stream_key collate "C", (e.tenant_id = 'unassigned'), e.ordinality
    on conflict on constraint streams_pkey do nothing
    returning s.stream_key
  )
  select coalesce(array_agg(i.stream_key), '{}') into v_new_streams from inserted i;
  v_events := p_events;

  if exists (select from unnest(p_events) e where e.type = 'StreamTenantMoved') then
    update hookledger.streams s set tenant_id = g.moved_to
    from (
      select e.stream_key, (array_agg(e.data ->> 'to' order by e.ordinality desc))[1] as moved_to
      from unnest(p_events) with ordinality e
      where e.type = 'StreamTenantMoved' and e.stream_key = any (v_new_streams)
      group by e.stream_key
    ) g
    where s.stream_key = g.stream_key;
  end if;

  if exists (select from unnest(p_events) e where e.stream_key <> all (v_new_streams)) then
    perform from hookledger.streams s
    where s.stream_key = any (select e.stream_key from unnest(p_events) e where e.stream_key <> all (v_new_streams))
    order by s.stream_key for update;

    select array_agg(row(
      null, gen_random_uuid(), 'StreamTenantMoved', 1, s.stream_key, s.kind, s.provider, s.account, s.external_id,
      e.tenant_id, s.mode, e.books, e.source_id, e.webhook_id, e.event_id, e.correlation_id, e.occurred_at,
      null, null, null, null, null, null, null, null, null,
      jsonb_build_object('from', s.tenant_id, 'to', e.tenant_id, 'reason', 'a later webhook named the account'),
      null, array['analytics-events'])::hookledger.new_event)
    into v_moves
    from (
      select distinct on (u.stream_key) u.* from unnest(p_events) with ordinality u
      where u.tenant_id <> 'unassigned' and u.type <> 'StreamTenantMoved' and u.stream_key <> all (v_new_streams)
      order by u.stream_key, u.ordinality
    ) e
    join hookledger.streams s on s.stream_key = e.stream_key
    where s.tenant_id = 'unassigned';
    v_events := coalesce(v_moves, '{}') || p_events;

    update hookledger.streams s
    set version = s.version + g.events, tenant_id = coalesce(g.moved_to, s.tenant_id)
    from (
      select e.stream_key, count(*) as events,
        (array_agg(e.data ->> 'to' order by e.ordinality desc) filter (where e.type = 'StreamTenantMoved'))[1] as moved_to
      from unnest(v_events) with ordinality e
      where e.stream_key <> all (v_new_streams)
      group by e.stream_key
    ) g
    where s.stream_key = g.stream_key;
  end if;

  select array_agg(n.tenant_id order by n.ordinality), array_agg(n.version order by n.ordinality),
    array_agg(n.fold_range order by n.ordinality)
  into v_tenants, v_versions, v_fold_ranges
  from (
    select e.ordinality, s.tenant_id, s.fold_range,
      s.version - count(*) over (partition by e.stream_key)
        + row_number() over (partition by e.stream_key order by e.ordinality) as version
    from unnest(v_events) with ordinality e
    join hookledger.streams s on s.stream_key = e.stream_key
  ) n;

  perform pg_advisory_xact_lock_shared(7283, 1);
  v_positions := array(select nextval('hookledger.position_seq') from generate_series(1, cardinality(v_events)));

  insert into hookledger.events (
    position, event_id, type, schema_version, stream_key, stream_kind, version, tenant_id, provider, account,
    external_id, mode, books, source_id, webhook_id, causation_id, correlation_id, occurred_at, fold_range,
    fact_key, fact_kind, fact_rank, provider_time, meter, unit, quantity, amount, currency, data, personal)
  select v_positions[e.ordinality], e.event_id, e.type, e.schema_version, e.stream_key, e.stream_kind,
    v_versions[e.ordinality], v_tenants[e.ordinality], e.provider, e.account, e.external_id, e.mode, e.books,
    e.source_id, e.webhook_id, e.causation_id, e.correlation_id, e.occurred_at, v_fold_ranges[e.ordinality],
    e.fact_key, e.fact_kind, e.fact_rank, e.provider_time, e.meter, e.unit, e.quantity, e.amount, e.currency, e.data,
    e.personal
  from unnest(v_events) with ordinality e;

  insert into hookledger.outbox (position, queue, tenant_id, target_position, event_id, event_type)
  select v_positions[e.ordinality], q.queue, v_tenants[e.ordinality], v_positions[e.ordinality], e.event_id, e.type
  from unnest(v_events) with ordinality e
  cross join lateral unnest(e.queues) q (queue);

  return query
  select e.webhook, e.event_id, v_positions[e.ordinality], v_tenants[e.ordinality], e.type
  from unnest(v_events) with ordinality e
  order by e.ordinality;
end
$$;

-- Appends events inside the caller's transaction, after its inbox and effect rows.
create function hookledger.append_events(p_events json)
returns table (event_id uuid, "position" bigint, tenant_id text)
language sql volatile security definer set search_path = hookledger, pg_temp as $$
  select a.event_id, a.position, a.tenant_id
  from hookledger.append_new_events(
    array(select e from json_populate_recordset(null::hookledger.new_event, p_events) e)) a
$$;

create type hookledger.new_webhook as (
  webhook integer,
  id uuid,
  source_id text,
  provider text,
  account text,
  mode text,
  books text,
  status text,
  detail text,
  provider_event_id text,
  provider_type text,
  method text,
  url text,
  headers jsonb,
  received_at timestamptz,
  body_offset integer,
  body_bytes integer,
  dedupe_key bytea,
  content_hash bytea,
  content_window interval
);

-- One batch of verified webhooks, all or none: dedupe keys, conflicts, streams, events, outbox rows, webhooks.
-- Answers each webhook: accepted, unmapped, unassigned, quarantined, duplicate or conflict, and the id that is kept.
create function hookledger.record_webhooks(p_webhooks json, p_events json, p_bodies bytea)
returns table (webhook integer, outcome text, webhook_id uuid)
language plpgsql volatile security definer set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_webhooks hookledger.new_webhook[] :=
    array(select w from json_populate_recordset(null::hookledger.new_webhook, p_webhooks) w);
  v_fresh uuid[];
  v_conflicts uuid[];
  v_tenants jsonb;
  -- Both by ordinal of the webhook, from 1; a null status is a duplicate.
  v_statuses text[];
  v_kept uuid[];
begin
  delete from hookledger.dedupe d using (
    select k.key_hash from hookledger.dedupe k
    where k.key_hash = any (select w.dedupe_key from unnest(v_webhooks) w where w.content_window is not null)
      and k.expires_at <= clock_timestamp()
    order by k.key_hash for update
  ) expired
  where d.key_hash = expired.key_hash;

  with inserted as (
    insert into hookledger.dedupe (key_hash, content_hash, webhook_id, source_id, expires_at)
    select w.dedupe_key, w.content_hash, w.id, w.source_id, clock_timestamp() + w.content_window
    from unnest(v_webhooks) w order by w.dedupe_key, w.webhook
    on conflict do nothing
    returning dedupe.webhook_id
  )
  select coalesce(array_agg(i.webhook_id), '{}') into v_fresh from inserted i;

  -- A statement of its own: a key that was in flight elsewhere is visible only to a new snapshot.
  with inserted as (
    insert into hookledger.conflicts (key_hash, content_hash, webhook_id, first_webhook_id)
    select w.dedupe_key, w.content_hash, w.id, d.webhook_id
    from unnest(v_webhooks) w
    join hookledger.dedupe d on d.key_hash = w.dedupe_key
    where w.id <> all (v_fresh) and d.content_hash <> w.content_hash
    order by w.dedupe_key, w.content_hash, w.webhook
    on conflict do nothing
    returning conflicts.webhook_id
  )
  select coalesce(array_agg(i.webhook_id), '{}') into v_conflicts from inserted i;

  select coalesce(jsonb_object_agg(a.webhook, jsonb_build_object('tenant', a.tenant_id, 'mapped', a.mapped)), '{}')
  into v_tenants
  from (
    select n.webhook, min(n.tenant_id) filter (where n.type <> 'StreamTenantMoved') as tenant_id,
      bool_or(n.type <> 'ProviderEventReceived') as mapped
    from hookledger.append_new_events(array(
      select e from json_populate_recordset(null::hookledger.new_event, p_events) e
      where e.webhook_id = any (v_fresh))) n
    where n.webhook is not null
    group by n.webhook
  ) a;

  v_statuses := array(
    select case
        when w.id = any (v_conflicts) then 'conflict'
        when w.id <> all (v_fresh) then null
        when w.status = 'accepted' and (v_tenants -> w.webhook::text ->> 'mapped')::boolean
          and v_tenants -> w.webhook::text ->> 'tenant' = 'unassigned' then 'unassigned'
        else w.status
      end
    from unnest(v_webhooks) w order by w.webhook);
  v_kept := array(
    select case
        when v_statuses[w.webhook + 1] is not null then w.id
        else (
          select case
              when d.content_hash = w.content_hash then d.webhook_id
              else (select c.webhook_id from hookledger.conflicts c
                where c.key_hash = w.dedupe_key and c.content_hash = w.content_hash)
            end
          from hookledger.dedupe d where d.key_hash = w.dedupe_key)
      end
    from unnest(v_webhooks) w order by w.webhook);

  perform pg_advisory_xact_lock_shared(7283, 1);
  insert into hookledger.webhooks (
    position, id, source_id, provider, account, mode, books, tenant_id, status, detail, provider_event_id,
    provider_type, method, url, headers, body, content_hash, received_at)
  select nextval('hookledger.position_seq'), w.id, w.source_id, w.provider, w.account, w.mode, w.books,
    coalesce(v_tenants -> w.webhook::text ->> 'tenant', 'unassigned'), v_statuses[w.webhook + 1], w.detail,
    w.provider_event_id, w.provider_type, w.method, w.url, w.headers,
    substring(p_bodies from w.body_offset + 1 for w.body_bytes), w.content_hash, w.received_at
  from unnest(v_webhooks) w
  where v_statuses[w.webhook + 1] is not null;

  -- A statement of its own: the first of a pair within this batch is visible only now.
  insert into hookledger.webhook_duplicates (webhook_id, source_id, tenant_id, received_at)
  select v_kept[w.webhook + 1], w.source_id,
    coalesce((select f.tenant_id from hookledger.webhooks f where f.id = v_kept[w.webhook + 1]), 'unassigned'),
    w.received_at
  from unnest(v_webhooks) w
  where v_statuses[w.webhook + 1] is null;

  return query
  select w.webhook, coalesce(v_statuses[w.webhook + 1], 'duplicate'), v_kept[w.webhook + 1]
  from unnest(v_webhooks) w order by w.webhook;
end
$$;

-- Rejections arrive in batches and overwrite the oldest slot.
create function hookledger.record_rejections(p_rejections json) returns void
language sql volatile security definer set search_path = hookledger, pg_temp as $$
  insert into hookledger.rejections as r
    (slot, id, rejected_at, provider, source_id, cause, header_names, body_hash, body_bytes)
  select (nextval('hookledger.rejection_seq') % 10000)::integer, x.id, x.rejected_at, x.provider, x.source_id,
    x.cause, x.header_names, x.body_hash, x.body_bytes
  from json_to_recordset(p_rejections) x (id uuid, rejected_at timestamptz, provider text, source_id text, cause text,
    header_names text[], body_hash bytea, body_bytes integer)
  on conflict (slot) do update set
    id = excluded.id, rejected_at = excluded.rejected_at, provider = excluded.provider,
    source_id = excluded.source_id, cause = excluded.cause, header_names = excluded.header_names,
    body_hash = excluded.body_hash, body_bytes = excluded.body_bytes
$$;

reset role;
