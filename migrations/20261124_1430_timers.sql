-- Work that is due later: what a timer says, how it is armed and cancelled in somebody's transaction, and how it fires.
-- Two rules keep these from deadlocks. Whoever arms or cancels does it before it appends, as with every effect row, so
-- that it comes from timers to streams. Whoever fires holds the streams first, and never waits for a timer.
set role hookledger_owner;

-- Until now nothing wrote into this table.
alter table hookledger.timers
  -- To the millisecond, as the event says it.
  alter column due_at type timestamptz(3),
  add column task text not null,
  add column stream_key text collate "C" not null,
  add column stream_kind text not null,
  add column provider text,
  add column account text,
  add column external_id text not null,
  add column mode text not null,
  add column books text not null,
  add column source_id text,
  add column causation_id uuid,
  add column correlation_id uuid not null,
  add column armed_at timestamptz not null default clock_timestamp();
comment on table hookledger.timers is 'What is due and has not fired. A key that fired once never fires again.';
comment on column hookledger.timers.stream_key is
  'Where TimerFired goes; with the columns after it, what a new stream is made of.';
comment on column hookledger.dedupe.webhook_id is
  'What came first under the key: a webhook; of a timer, its TimerFired event.';

insert into hookledger.leases (name) values ('timers');

-- The keys of webhooks are hashes of JSON arrays that begin with another word.
create function hookledger.timer_dedupe_key(p_key text) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select sha256(convert_to(json_build_array('timer', p_key)::text, 'UTF8'))
$$;

-- Arms timers in the caller's transaction and scope. Answers what became of each: armed; exists, since its key is armed
-- already, and that timer stays as it is; fired, since its key has fired before.
create function hookledger.arm_timers(p_timers json) returns table (timer integer, outcome text)
language plpgsql volatile set search_path = hookledger, pg_temp set enable_seqscan = off as $$
declare
  v_armed text[];
  v_fired text[];
begin
  with inserted as (
    insert into hookledger.timers as t (key, tenant_id, due_at, task, data, stream_key, stream_kind, provider, account,
      external_id, mode, books, source_id, causation_id, correlation_id)
    select distinct on (g.key collate "C") g.key, g.tenant_id,
      coalesce(g.due_at, clock_timestamp() + g.due_in_ms * interval '1 millisecond'), g.task, g.data, g.stream_key,
      g.stream_kind, g.provider, g.account, g.external_id, g.mode, g.books, g.source_id, g.causation_id,
      g.correlation_id
    from json_to_recordset(p_timers) g (timer integer, key text, tenant_id text, due_at timestamptz,
      due_in_ms double precision, task text, data jsonb, stream_key text, stream_kind text, provider text, account text,
      external_id text, mode text, books text, source_id text, causation_id uuid, correlation_id uuid)
    order by g.key collate "C", g.timer
    on conflict on constraint timers_pkey do nothing
    returning t.key
  )
  select coalesce(array_agg(i.key), '{}') into v_armed from inserted i;

  -- A statement of its own: while the one before waited for a firing under way, that firing came to its end.
  with fired as (
    delete from hookledger.timers t
    using unnest(v_armed) a (key), hookledger.dedupe d
    where t.key = a.key and d.key_hash = hookledger.timer_dedupe_key(a.key)
    returning t.key
  )
  select coalesce(array_agg(f.key), '{}') into v_fired from fired f;

  -- Of several under one key it is the first that was armed.
  return query
  select g.timer,
    case
      when f.key is not null then 'fired'
      when a.key is not null and row_number() over (partition by g.key order by g.timer) = 1 then 'armed'
      else 'exists'
    end
  from json_to_recordset(p_timers) g (timer integer, key text)
  left join unnest(v_armed) a (key) on a.key = g.key
  left join unnest(v_fired) f (key) on f.key = g.key
  order by g.timer;
end
$$;

-- Cancels timers in the caller's transaction and scope, one after the other by key. Answers those that it cancelled: of
-- the others each has fired, was cancelled before or was never armed. Waits for a firing that is under way.
create function hookledger.cancel_timers(p_keys text[]) returns setof text
language plpgsql volatile set search_path = hookledger, pg_temp as $$
declare
  v_key text;
begin
  for v_key in select distinct k collate "C" from unnest(p_keys) k order by 1 loop
    delete from hookledger.timers t where t.key = v_key;
    if found then
      return next v_key;
    end if;
  end loop;
end
$$;

-- Fires the timers that are due, at most so many, in their order: appends TimerFired to each one's stream and deletes
-- it last. Answers those that it took; without a position where the key had fired before. Safe to run side by side:
-- the later one waits for the streams of the first, and then finds these timers gone.
-- A timer that somebody is cancelling is left, and so are the later ones of its stream: the next call sees.
create function hookledger.fire_due_timers(p_limit integer, p_schema_version integer, p_queues text[])
returns table (key text, "position" bigint)
language plpgsql volatile security definer set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_due hookledger.timers[];
  v_taken hookledger.timers[];
  -- By ordinal of the timer that was taken.
  v_event_ids uuid[];
  v_fresh uuid[];
  v_fired uuid[];
  v_positions bigint[];
begin
  if current_setting('hookledger.tenant', true) is distinct from '*' then
    raise exception 'timers fire in the scope of the platform only' using errcode = '42501';
  end if;

  v_due := array(
    select t from hookledger.timers t where t.due_at <= v_now order by t.due_at, t.key limit p_limit);
  if cardinality(v_due) = 0 then
    return;
  end if;

  insert into hookledger.streams (stream_key, kind, provider, account, external_id, mode, tenant_id, fold_range)
  select distinct on (d.stream_key) d.stream_key, d.stream_kind, d.provider, d.account, d.external_id, d.mode,
    d.tenant_id, (hashtextextended(d.stream_key, 0) & 65535)::integer
  from unnest(v_due) d order by d.stream_key
  on conflict on constraint streams_pkey do nothing;
  perform from hookledger.streams s
  where s.stream_key = any (select d.stream_key from unnest(v_due) d)
  order by s.stream_key for update;

  -- A statement of its own, so that its snapshot is from after the locks. A key may have been cancelled and armed anew.
  with free as materialized (
    select t.key, t.armed_at from hookledger.timers t
    where t.key = any (array(select d.key from unnest(v_due) d))
    order by t.key for update skip locked
  )
  select coalesce(array_agg(o.timer order by o.ordinality) filter (where o.is_next), '{}') into v_taken
  from (
    select d.ordinality, v_due[d.ordinality] as timer,
      bool_and(f.key is not null) over (partition by d.stream_key order by d.ordinality) as is_next
    from unnest(v_due) with ordinality d
    left join free f on f.key = d.key and f.armed_at = d.armed_at
  ) o;
  if cardinality(v_taken) = 0 then
    return;
  end if;

  -- After the streams, and yet nobody is waited for: only who holds a timer writes its key.
  v_event_ids := array(select gen_random_uuid() from generate_series(1, cardinality(v_taken)));
  with inserted as (
    insert into hookledger.dedupe (key_hash, content_hash, webhook_id, source_id)
    select hookledger.timer_dedupe_key(t.key), hookledger.timer_dedupe_key(t.key), v_event_ids[t.ordinality], 'timers'
    from unnest(v_taken) with ordinality t order by 1
    on conflict do nothing
    returning dedupe.webhook_id
  )
  select coalesce(array_agg(i.webhook_id), '{}') into v_fresh from inserted i;

  select coalesce(array_agg(a.event_id), '{}'), coalesce(array_agg(a.position), '{}') into v_fired, v_positions
  from hookledger.append_new_events(array(
    select json_populate_record(null::hookledger.new_event, json_build_object(
      'event_id', v_event_ids[t.ordinality],
      'type', 'TimerFired',
      'schema_version', p_schema_version,
      'stream_key', t.stream_key,
      'stream_kind', t.stream_kind,
      'provider', t.provider,
      'account', t.account,
      'external_id', t.external_id,
      'tenant_id', t.tenant_id,
      'mode', t.mode,
      'books', t.books,
      'source_id', t.source_id,
      'causation_id', t.causation_id,
      'correlation_id', t.correlation_id,
      'occurred_at', t.due_at,
      'data', json_build_object('key', t.key, 'task', t.task,
        'dueAt', to_char(t.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', t.data),
      'queues', p_queues))
    from unnest(v_taken) with ordinality t
    where v_event_ids[t.ordinality] = any (v_fresh)
    order by t.ordinality)) a;

  delete from hookledger.timers t where t.key = any (array(select k.key from unnest(v_taken) k));
  return query
  select t.key, v_positions[array_position(v_fired, v_event_ids[t.ordinality])]
  from unnest(v_taken) with ordinality t order by t.ordinality;
end
$$;

revoke all on function
  hookledger.timer_dedupe_key(text), hookledger.arm_timers(json), hookledger.cancel_timers(text[]),
  hookledger.fire_due_timers(integer, integer, text[])
  from public;
grant execute on function
  hookledger.timer_dedupe_key(text), hookledger.arm_timers(json), hookledger.cancel_timers(text[]),
  hookledger.fire_due_timers(integer, integer, text[])
  to hookledger_app;

reset role;
