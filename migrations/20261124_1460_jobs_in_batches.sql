-- Workers take and end jobs in batches: one round trip, and for the ends one transaction, for many jobs.
-- The functions run with the caller's rights, in the platform's own scope, and by index: a plan made while the tables
-- are small would be kept after they have grown.
set role hookledger_owner;

-- What is to become of each job:
-- ended: nothing; it has ended, and this generation may not turn its end into done
-- missing: no event stands at its position
-- waiting: its queue is handled in the order of the stream, and the job before it has not ended
-- held: as waiting, but the job before it died, and its queue stops a stream at a dead job
-- ready: handle its event
-- `types`: for a queue that is handled in order, the event types that are routed to it. The job before is that of the
-- stream's last earlier event of such a type; one that has no outbox row (any more) is over.
create function hookledger.take_jobs(p_jobs json)
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
      when b.state is not null then b.state
      else 'ready'
    end,
    e
  from json_to_recordset(p_jobs) j (job integer, position bigint, queue text, replay_id text, generation integer,
    types text[], holds boolean)
  left join hookledger.inbox i on i.position = j.position and i.queue = j.queue and i.replay_id = j.replay_id
    and (i.outcome = 'done' or i.generation >= j.generation)
  left join hookledger.events e on e.position = j.position and i.position is null
  left join lateral (
    select case
        when n.outcome is null then
          case when exists (
            select from hookledger.outbox o
            where o.position = p.position and o.queue = j.queue and o.replay_id = j.replay_id and o.generation = 0
          ) then 'waiting' end
        when n.outcome in ('dead', 'expired') and j.holds then 'held'
      end as state
    from (
      select earlier.position from hookledger.events earlier
      where earlier.stream_key = e.stream_key and earlier.version < e.version and earlier.type = any (j.types)
      order by earlier.version desc limit 1
    ) p
    left join hookledger.inbox n on n.position = p.position and n.queue = j.queue and n.replay_id = j.replay_id
  ) b on j.types is not null;
end
$$;

-- Ends jobs as done: inbox rows, attempts, effects and further events of all of them, all or none. Answers
-- the jobs that it ended; of the others, which had ended already, it writes nothing: done is absorbing, and another end
-- gives way to a higher generation only.
-- The order of the locks is the one of every transaction that appends: inbox, effects by key, streams, positions.
create function hookledger.finish_jobs(p_jobs json, p_attempts json, p_notifications json, p_events json)
returns setof integer
language plpgsql volatile set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_finished integer[];
begin
  perform set_config('hookledger.tenant', '*', true);

  with chosen as (
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
  )
  select coalesce(array_agg(c.job), '{}') into v_finished
  from chosen c join ended using (position, queue, replay_id);

  insert into hookledger.job_attempts
    (position, queue, replay_id, generation, tenant_id, attempt, outcome, detail, transport, started_at, duration_ms)
  select a.position, a.queue, a.replay_id, a.generation, a.tenant_id, a.attempt, a.outcome, a.detail, a.transport,
    a.started_at, a.duration_ms
  from json_to_recordset(p_attempts) a (job integer, position bigint, queue text, replay_id text, generation integer,
    tenant_id text, attempt integer, outcome text, detail text, transport text, started_at timestamptz,
    duration_ms integer)
  where a.job = any (v_finished);

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

-- The job before is looked up when a job is taken (docs/decisions/0005).
alter table hookledger.outbox drop column prev;
alter table hookledger.streams drop column last_routed;

drop function hookledger.take_job(bigint, text, text, integer);
drop function hookledger.finish_job(json, json, json, json);
revoke all on function hookledger.take_jobs(json) from public;
revoke all on function hookledger.finish_jobs(json, json, json, json) from public;
grant execute on function hookledger.take_jobs(json), hookledger.finish_jobs(json, json, json, json) to hookledger_app;

reset role;
