-- Every repetition of a job is a NEW outbox row in the same lane, with the next generation, beside an event that says
-- who asked for it and why: cursors, order and reconcile cover it like any other row.
set role hookledger_owner;

-- Only repetitions: a first publication stands at its target's own position, so the append writes nothing more here.
create index outbox_repetition_idx on hookledger.outbox (target_position, queue, replay_id, generation)
  where generation > 0;

create type hookledger.repeated_job as (
  position bigint,
  queue text,
  replay_id text,
  generation integer,
  tenant_id text,
  event_id uuid,
  event_type text
);

-- Appends one event for each tenant, of type p_type, and one outbox row for each job. A job that is done is left out;
-- answers the others with the generation that they have now.
-- The tenant's stream of repetitions is locked before generations are read: of two who repeat one job, the second sees
-- the row of the first. That is also the order of every append: streams by key, then positions, events, outbox.
create function hookledger.repeat_jobs(p_jobs json, p_type text, p_schema_version integer, p_by text, p_reason text)
returns table ("position" bigint, queue text, replay_id text, generation integer)
language plpgsql volatile security definer set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_jobs hookledger.repeated_job[];
  v_missing bigint;
begin
  if current_setting('hookledger.tenant', true) is distinct from '*' then
    raise exception 'jobs are repeated in the scope of the platform only' using errcode = '42501';
  end if;

  v_jobs := array(
    select row(j.position, j.queue, j.replay_id, 0, e.tenant_id, e.event_id, e.type)::hookledger.repeated_job
    from (
      select distinct r.position, r.queue, r.replay_id
      from json_to_recordset(p_jobs) r (position bigint, queue text, replay_id text)
    ) j
    left join hookledger.events e on e.position = j.position
    order by j.position, j.queue, j.replay_id);
  select j.position into v_missing from unnest(v_jobs) j where j.event_id is null limit 1;
  if found then
    raise exception 'there is no event at position %', v_missing using errcode = 'HL003';
  end if;

  insert into hookledger.streams (stream_key, kind, external_id, mode, tenant_id, fold_range)
  select k.stream_key, 'repetition', k.tenant_id, 'live', k.tenant_id, (hashtextextended(k.stream_key, 0) & 65535)::integer
  from (select distinct 'repetition///live/' || j.tenant_id as stream_key, j.tenant_id from unnest(v_jobs) j) k
  order by k.stream_key collate "C"
  on conflict on constraint streams_pkey do nothing;
  perform from hookledger.streams s
  where s.stream_key = any (select 'repetition///live/' || j.tenant_id from unnest(v_jobs) j)
  order by s.stream_key for update;

  -- A statement of its own, so that its snapshot is from after the lock.
  v_jobs := array(
    select row(j.position, j.queue, j.replay_id,
      1 + greatest(0,
        (select max(o.generation) from hookledger.outbox o
         where o.target_position = j.position and o.queue = j.queue and o.replay_id = j.replay_id and o.generation > 0),
        i.generation,
        (select max(d.generation) from hookledger.dead_letters d
         where d.position = j.position and d.queue = j.queue and d.replay_id = j.replay_id)),
      j.tenant_id, j.event_id, j.event_type)::hookledger.repeated_job
    from unnest(v_jobs) with ordinality j
    left join hookledger.inbox i on i.position = j.position and i.queue = j.queue and i.replay_id = j.replay_id
    where i.outcome is distinct from 'done'
    order by j.ordinality);
  if cardinality(v_jobs) = 0 then
    return;
  end if;

  perform from hookledger.append_new_events(array(
    select json_populate_record(null::hookledger.new_event, json_build_object(
      'event_id', r.event_id,
      'type', p_type,
      'schema_version', p_schema_version,
      'stream_key', 'repetition///live/' || r.tenant_id,
      'stream_kind', 'repetition',
      'external_id', r.tenant_id,
      'tenant_id', r.tenant_id,
      'mode', 'live',
      'books', 'platform',
      'correlation_id', r.event_id,
      'occurred_at', clock_timestamp(),
      'data', json_build_object('by', p_by, 'reason', p_reason, 'jobs', r.jobs),
      'queues', '{}'::text[]))
    from (
      select gen_random_uuid() as event_id, j.tenant_id,
        json_agg(json_build_object('position', j.position::text, 'queue', j.queue, 'replayId', j.replay_id,
          'generation', j.generation) order by j.ordinality) as jobs
      from unnest(v_jobs) with ordinality j
      group by j.tenant_id
    ) r));

  -- In the order of their targets, so that a stream's jobs keep theirs. The append lock is held since the events.
  insert into hookledger.outbox
    (position, queue, replay_id, generation, tenant_id, target_position, event_id, event_type)
  select nextval('hookledger.position_seq'), j.queue, j.replay_id, j.generation, j.tenant_id, j.position, j.event_id,
    j.event_type
  from unnest(v_jobs) j;

  return query select j.position, j.queue, j.replay_id, j.generation from unnest(v_jobs) j;
end
$$;

revoke all on function hookledger.repeat_jobs(json, text, integer, text, text) from public;
grant execute on function hookledger.repeat_jobs(json, text, integer, text, text) to hookledger_app;

reset role;
