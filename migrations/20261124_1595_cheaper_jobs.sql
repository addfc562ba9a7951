-- Taking and ending jobs costs less. Both functions answer what they did before, to the same calls.
set role hookledger_owner;

-- The job before is looked for only where a queue is handled in order: as a join it was looked for everywhere, and what
-- was found then dropped.
create or replace function hookledger.take_jobs(p_jobs json)
returns table (job integer, state text, event hookledger.events)
language plpgsql volatile set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  perform set_config('hookledger.tenant', '*', true);
  return query
  select j.job,
    case
      when i.position is not null then 'ended'
      when e.position is null then 'missing'
      when j.types is null then 'ready'
      else coalesce((
        select case
            when n.outcome is null then
              case when exists (
                select from hookledger.outbox o
                where o.position = p.position and o.queue = j.queue and o.replay_id = j.replay_id and o.generation = 0
              ) then 'waiting' end
            when n.outcome in ('dead', 'expired') and j.holds then
              case when exists (
                select from hookledger.dead_letters d
                where d.position = p.position and d.queue = j.queue and d.replay_id = j.replay_id
              ) then 'held' end
          end
        from (
          select earlier.position from hookledger.events earlier
          where earlier.stream_key = e.stream_key and earlier.version < e.version and earlier.type = any (j.types)
          order by earlier.version desc limit 1
        ) p
        left join hookledger.inbox n on n.position = p.position and n.queue = j.queue and n.replay_id = j.replay_id
      ), 'ready')
    end,
    e
  from json_to_recordset(p_jobs) j (job integer, position bigint, queue text, replay_id text, generation integer,
    types text[], holds boolean)
  left join hookledger.inbox i on i.position = j.position and i.queue = j.queue and i.replay_id = j.replay_id
    and (i.outcome = 'done' or i.generation >= j.generation)
  left join hookledger.events e on e.position = j.position and i.position is null;
end
$$;

-- A job is named once, in p_jobs; of p_attempts only what is the attempt's own is read. The ends of a batch are matched
-- by hash, not each with each: what joins here is the batch with itself, never a table that grows.
create or replace function hookledger.finish_jobs(p_jobs json, p_attempts json, p_notifications json, p_events json)
returns setof integer
language plpgsql volatile set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_mergejoin = off as $$
declare
  v_finished integer[];
begin
  perform set_config('hookledger.tenant', '*', true);

  with chosen as materialized (
    -- A job that was delivered twice at once is in the batch twice.
    select distinct on (j.position, j.queue, j.replay_id) j.*
    from json_to_recordset(p_jobs) j (job integer, position bigint, queue text, replay_id text, tenant_id text,
      generation integer)
    order by j.position, j.queue, j.replay_id, j.generation desc, j.job
  ), ended as (
    insert into hookledger.inbox as i (position, queue, replay_id, tenant_id, generation, outcome)
    select c.position, c.queue, c.replay_id, c.tenant_id, c.generation, 'done'
    from chosen c order by c.position, c.queue, c.replay_id
    on conflict (position, queue, replay_id) do update
    set outcome = 'done', generation = excluded.generation, ended_at = clock_timestamp()
    where i.outcome <> 'done' and i.generation < excluded.generation
    returning i.position, i.queue, i.replay_id
  ), finished as materialized (
    select c.* from chosen c join ended using (position, queue, replay_id)
  ), tried as (
    insert into hookledger.job_attempts
      (position, queue, replay_id, generation, tenant_id, attempt, outcome, transport, started_at, duration_ms)
    select f.position, f.queue, f.replay_id, f.generation, f.tenant_id, a.attempt, 'done', a.transport, a.started_at,
      a.duration_ms
    from json_to_recordset(p_attempts) a (job integer, attempt integer, transport text, started_at timestamptz,
      duration_ms integer)
    join finished f using (job)
  )
  select coalesce(array_agg(f.job), '{}') into v_finished from finished f;

  if json_array_length(p_notifications) > 0 then
    insert into hookledger.notifications (dedupe_key, tenant_id, kind, subject, data, event_id, position)
    select n.dedupe_key, n.tenant_id, n.kind, n.subject, n.data, n.event_id, n.position
    from json_to_recordset(p_notifications) n (job integer, dedupe_key text, tenant_id text, kind text, subject text,
      data jsonb, event_id uuid, position bigint)
    where n.job = any (v_finished)
    order by n.tenant_id collate "C", n.kind collate "C", n.dedupe_key collate "C"
    on conflict do nothing;
  end if;
  if json_array_length(p_events) > 0 then
    perform from hookledger.append_events(coalesce(
      (select json_agg(e.event) from json_array_elements(p_events) e (event)
       where (e.event ->> 'webhook')::integer = any (v_finished)), '[]'));
  end if;
  return query select unnest(v_finished);
end
$$;

reset role;
