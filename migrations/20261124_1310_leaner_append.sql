-- The append functions again, with the same contract: a batch in which every stream and every webhook is new, as most
-- are, reads no stream back and asks nothing about conflicts and duplicates.
set role hookledger_owner;

-- Streams (locked in key order), then the append lock and the positions, then events and outbox rows.
-- An event takes its stream's tenant. A stream that began without one takes the first that a later event names, by an
-- event of its own; nothing is guessed: the provider's own data names the mapped account.
-- The plans are pinned to index look-ups: one made while the tables are small would be kept, by a pooled session, long
-- after scanning a table has become the wrong way to find two hundred rows in it.
create or replace function hookledger.append_new_events(p_events hookledger.new_event[])
returns table (webhook integer, event_id uuid, "position" bigint, tenant_id text, type text)
language plpgsql volatile set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_events hookledger.new_event[] := p_events;
  v_moves hookledger.new_event[];
  v_streams integer;
  v_new_streams text[];
  v_has_moves boolean;
  v_positions bigint[];
  -- By ordinal of the event.
  v_tenants text[];
  v_versions bigint[];
  v_fold_ranges integer[];
begin
  -- A stream that is new is written once, with the version that it has after this batch.
  with numbered as materialized (
    select e.ordinality, e.stream_key collate "C" as stream_key, e.stream_kind, e.provider, e.account, e.external_id,
      e.mode, e.type, (hashtextextended(e.stream_key, 0) & 65535)::integer as fold_range,
      row_number() over (partition by e.stream_key collate "C" order by e.ordinality) as version,
      count(*) over (partition by e.stream_key collate "C") as events,
      first_value(e.tenant_id) over (
        partition by e.stream_key collate "C" order by e.tenant_id = 'unassigned', e.ordinality) as tenant_id
    from unnest(p_events) with ordinality e
  ), inserted as (
    insert into hookledger.streams as s
      (stream_key, kind, provider, account, external_id, mode, tenant_id, fold_range, version)
    select n.stream_key, n.stream_kind, n.provider, n.account, n.external_id, n.mode, n.tenant_id, n.fold_range,
      n.events
    from numbered n
    where n.version = 1
    order by n.stream_key
    on conflict on constraint streams_pkey do nothing
    returning s.stream_key
  )
  select count(*) filter (where n.version = 1), coalesce(bool_or(n.type = 'StreamTenantMoved'), false),
    array_agg(n.tenant_id order by n.ordinality), array_agg(n.version order by n.ordinality),
    array_agg(n.fold_range order by n.ordinality),
    (select coalesce(array_agg(i.stream_key), '{}') from inserted i)
  into v_streams, v_has_moves, v_tenants, v_versions, v_fold_ranges, v_new_streams
  from numbered n;

  if v_has_moves then
    update hookledger.streams s set tenant_id = g.moved_to
    from (
      select e.stream_key, (array_agg(e.data ->> 'to' order by e.ordinality desc))[1] as moved_to
      from unnest(p_events) with ordinality e
      where e.type = 'StreamTenantMoved' and e.stream_key = any (v_new_streams)
      group by e.stream_key
    ) g
    where s.stream_key = g.stream_key;
  end if;

  if cardinality(v_new_streams) < v_streams then
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

  -- Only these two change what the first statement has worked out.
  if v_has_moves or cardinality(v_new_streams) < v_streams then
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
  end if;

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

-- One batch of verified webhooks, all or none: dedupe keys, conflicts, streams, events, outbox rows, webhooks.
-- Answers each webhook: accepted, unmapped, unassigned, quarantined, duplicate or conflict, and the id that is kept.
create or replace function hookledger.record_webhooks(p_webhooks json, p_events json, p_bodies bytea)
returns table (webhook integer, outcome text, webhook_id uuid)
language plpgsql volatile security definer set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_webhooks hookledger.new_webhook[] :=
    array(select w from json_populate_recordset(null::hookledger.new_webhook, p_webhooks) w);
  v_count constant integer := cardinality(v_webhooks);
  v_fresh uuid[];
  v_all_fresh boolean;
  v_conflicts uuid[] := '{}';
  v_event record;
  -- By ordinal of the webhook, from 1; a null status is a duplicate.
  v_tenants text[] := array_fill(null::text, array[v_count]);
  v_is_mapped boolean[] := array_fill(false, array[v_count]);
  v_statuses text[];
  v_kept uuid[];
begin
  if exists (select from unnest(v_webhooks) w where w.content_window is not null) then
    delete from hookledger.dedupe d using (
      select k.key_hash from hookledger.dedupe k
      where k.key_hash = any (select w.dedupe_key from unnest(v_webhooks) w where w.content_window is not null)
        and k.expires_at <= clock_timestamp()
      order by k.key_hash for update
    ) expired
    where d.key_hash = expired.key_hash;
  end if;

  with inserted as (
    insert into hookledger.dedupe (key_hash, content_hash, webhook_id, source_id, expires_at)
    select w.dedupe_key, w.content_hash, w.id, w.source_id, clock_timestamp() + w.content_window
    from unnest(v_webhooks) w order by w.dedupe_key, w.webhook
    on conflict do nothing
    returning dedupe.webhook_id
  )
  select coalesce(array_agg(i.webhook_id), '{}') into v_fresh from inserted i;
  v_all_fresh := cardinality(v_fresh) = v_count;

  if not v_all_fresh then
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
  end if;

  for v_event in
    select n.webhook + 1 as ordinal, n.tenant_id, n.type
    from hookledger.append_new_events(array(
      select e from json_populate_recordset(null::hookledger.new_event, p_events) e
      where v_all_fresh or e.webhook_id = any (v_fresh))) n
    where n.webhook is not null
  loop
    if v_event.type <> 'StreamTenantMoved' then
      v_tenants[v_event.ordinal] := least(v_tenants[v_event.ordinal], v_event.tenant_id);
    end if;
    if v_event.type <> 'ProviderEventReceived' then
      v_is_mapped[v_event.ordinal] := true;
    end if;
  end loop;

  v_statuses := array(
    select case
        when not v_all_fresh and w.id = any (v_conflicts) then 'conflict'
        when not v_all_fresh and w.id <> all (v_fresh) then null
        when w.status = 'accepted' and v_is_mapped[w.webhook + 1] and v_tenants[w.webhook + 1] = 'unassigned'
          then 'unassigned'
        else w.status
      end
    from unnest(v_webhooks) w order by w.webhook);
  v_kept := array(
    select case
        when v_all_fresh or v_statuses[w.webhook + 1] is not null then w.id
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
    coalesce(v_tenants[w.webhook + 1], 'unassigned'), v_statuses[w.webhook + 1], w.detail, w.provider_event_id,
    w.provider_type, w.method, w.url, w.headers, substring(p_bodies from w.body_offset + 1 for w.body_bytes),
    w.content_hash, w.received_at
  from unnest(v_webhooks) w
  where v_statuses[w.webhook + 1] is not null;

  if not v_all_fresh then
    -- A statement of its own: the first of a pair within this batch is visible only now.
    insert into hookledger.webhook_duplicates (webhook_id, source_id, tenant_id, received_at)
    select v_kept[w.webhook + 1], w.source_id,
      coalesce((select f.tenant_id from hookledger.webhooks f where f.id = v_kept[w.webhook + 1]), 'unassigned'),
      w.received_at
    from unnest(v_webhooks) w
    where v_statuses[w.webhook + 1] is null;
  end if;

  return query
  select (s.ordinal - 1)::integer, coalesce(s.status, 'duplicate'), s.kept
  from unnest(v_statuses, v_kept) with ordinality s (status, kept, ordinal);
end
$$;

reset role;
