-- Intents of calls go, too, with the jobs that asked for them. Not what somebody may still ask about: an effect of which
-- nobody knows whether it was done, and one that events yet to come may name, as a fact that is reported late or
-- backfilled does. The row is all that says that such a one was done.
set role hookledger_owner;

-- Of the intents that there are, nobody knows.
alter table hookledger.intents add column is_shared boolean not null default true;
comment on column hookledger.intents.is_shared is
  'Its handler named an effect key, by which every event of the stream asks for this effect: it is kept for ever.';

create index intents_position_idx on hookledger.intents (position) where not is_shared;

-- Intents of jobs whose partition was dropped, ended so many days ago: done, or certainly not done by a job that is over.
-- Those of an event behind the retained inbox that was handed on again wait for that job. Answers how many rows went, at
-- most p_limit; an intent that somebody works with is left for another time.
create function hookledger.delete_ended_intents(p_job_days integer, p_limit integer) returns integer
language plpgsql volatile security definer set search_path = hookledger, pg_temp as $$
declare
  v_before constant timestamptz := clock_timestamp() - make_interval(days => greatest(p_job_days, 2));
  v_deleted integer;
begin
  delete from hookledger.intents i
  where i.key = any (array(
    select d.key
    from hookledger.job_partitions p
    join hookledger.intents d
      on d.position >= p.partition * hookledger.partition_size()
        and d.position < (p.partition + 1) * hookledger.partition_size()
    where p.dropped_at is not null
      and not d.is_shared
      and (d.state = 'done' or d.state = 'open' and not d.is_unanswered and d.lease_until < clock_timestamp())
      and coalesce(d.ended_at, d.called_at, d.created_at) < v_before
      and not exists (
        select from hookledger.outbox o
        where o.target_position = d.position and o.target_position <> o.position and o.queue = d.queue
          and o.replay_id = d.replay_id)
      and not exists (
        select from hookledger.dead_letters l
        where l.position = d.position and l.queue = d.queue and l.replay_id = d.replay_id)
    limit p_limit
    for update of d skip locked));
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;

revoke all on function hookledger.delete_ended_intents(integer, integer) from public;
grant execute on function hookledger.delete_ended_intents(integer, integer) to hookledger_app;

reset role;
