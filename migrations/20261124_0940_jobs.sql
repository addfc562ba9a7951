-- What a worker does with a job, one round trip each. Both run with the caller's rights, in the platform's own scope,
-- and by index: a plan made while the tables are small would be kept after they have grown.
set role hookledger_owner;

-- The event of a job that has not ended; no row when it has, unless this generation may still turn the end into done.
create function hookledger.take_job(p_position bigint, p_queue text, p_replay_id text, p_generation integer)
returns setof hookledger.events
language plpgsql volatile set search_path = hookledger, pg_temp set enable_seqscan = off as $$
begin
  perform set_config('hookledger.tenant', '*', true);
  if exists (
    select from hookledger.inbox i
    where i.position = p_position and i.queue = p_queue and i.replay_id = p_replay_id
      and (i.outcome = 'done' or i.generation >= p_generation)
  ) then
    return;
  end if;
  return query select e.* from hookledger.events e where e.position = p_position;
  if not found then
    raise exception 'there is no event at position %', p_position using errcode = 'HL003';
  end if;
end
$$;

-- Ends a job as done: inbox row, attempt, effects and further events, all or none. Answers false, and writes nothing,
-- when the job had ended already: done is absorbing, and another end gives way to a higher generation only.
-- The order of the locks is the one of every transaction that appends: inbox, effects by key, streams, positions.
create function hookledger.finish_job(p_job json, p_attempt json, p_notifications json, p_events json)
returns boolean
language plpgsql volatile set search_path = hookledger, pg_temp set enable_seqscan = off as $$
begin
  perform set_config('hookledger.tenant', '*', true);

  insert into hookledger.inbox as i (position, queue, replay_id, tenant_id, generation, outcome)
  select j.position, j.queue, j.replay_id, j.tenant_id, j.generation, 'done'
  from json_populate_record(null::hookledger.inbox, p_job) j
  on conflict (position, queue, replay_id) do update
  set outcome = 'done', generation = excluded.generation, ended_at = clock_timestamp()
  where i.outcome <> 'done' and i.generation < excluded.generation;
  if not found then
    return false;
  end if;

  insert into hookledger.job_attempts
  select * from json_populate_record(null::hookledger.job_attempts, p_attempt);

  if json_array_length(p_notifications) > 0 then
    insert into hookledger.notifications
    select n.* from json_populate_recordset(null::hookledger.notifications, p_notifications) n
    order by n.tenant_id, n.kind collate "C", n.dedupe_key
    on conflict do nothing;
  end if;
  if json_array_length(p_events) > 0 then
    perform from hookledger.append_events(p_events);
  end if;
  return true;
end
$$;

revoke all on function hookledger.take_job(bigint, text, text, integer) from public;
revoke all on function hookledger.finish_job(json, json, json, json) from public;
grant execute on function
  hookledger.take_job(bigint, text, text, integer), hookledger.finish_job(json, json, json, json)
  to hookledger_app;

-- The mark's history is looked up by position too: when did the log reach it?
create index high_water_mark_history_position_idx on hookledger.high_water_mark_history (position);

reset role;
