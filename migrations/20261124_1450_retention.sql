-- What is old and settled goes: partitions of outbox, inbox and attempts together, bodies of webhooks, and most of the
-- history of the high-water mark. The application drops nothing by itself: it calls what is here, which looks first.
set role hookledger_owner;

insert into hookledger.leases (name) values ('retention');

create function hookledger.partition_size() returns bigint
language sql immutable parallel safe as $$ select 10000000::bigint $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Partitions of jobs
-- ---------------------------------------------------------------------------------------------------------------

create table hookledger.job_partitions (
  partition integer not null,
  settled_to bigint not null,
  settled_at timestamptz,
  dropped_at timestamptz,
  dropped_position bigint,
  constraint job_partitions_pkey primary key (partition)
);
comment on table hookledger.job_partitions is
  'How far each partition of outbox, inbox and job_attempts is known to be over.';
comment on column hookledger.job_partitions.settled_to is
  'Every outbox row of the partition below this position has ended.';
comment on column hookledger.job_partitions.dropped_position is
  'The mark when it was dropped: of its events, what an outbox row at or below that asks for had ended by then.';
alter table hookledger.job_partitions enable row level security;
create policy application on hookledger.job_partitions to hookledger_app using (true);
grant select on hookledger.job_partitions to hookledger_app;

-- Repetitions and reruns: what stands at another position than its target, and so in another partition.
create index outbox_late_idx on hookledger.outbox (target_position) where target_position <> position;

-- Where the outcome of a job goes whose event is behind the retained inbox: an event of any age can be handed on again.
create table hookledger.inbox_late partition of hookledger.inbox default;
create table hookledger.job_attempts_late partition of hookledger.job_attempts default;

-- As before; but partitions of jobs are made from the sequence on only, since the ones behind it may be gone for good.
create or replace function hookledger.ensure_partitions() returns integer
language plpgsql security definer set search_path = hookledger, pg_temp as $$
declare
  v_size constant bigint := hookledger.partition_size();
  v_current constant bigint := (select last_value / v_size from hookledger.position_seq);
  v_parent text;
  v_first bigint;
  v_name text;
  v_made integer := 0;
begin
  perform pg_advisory_xact_lock(7283, 2);
  foreach v_parent in array array['webhooks', 'events', 'outbox', 'inbox', 'job_attempts'] loop
    for v_first in
      select n * v_size
      from generate_series(case when v_parent in ('webhooks', 'events') then 0 else v_current end, v_current + 2) n
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
  return v_made + hookledger.ensure_dead_letter_partitions();
end
$$;

-- The first outbox row in [p_from, p_to) whose job has not ended, in words for people; no row when all have. A job is
-- over as workers see it: it is done, or has ended under this generation or a higher one.
create function hookledger.first_open_job(p_from bigint, p_to bigint) returns table ("position" bigint, detail text)
language sql stable set search_path = hookledger, pg_temp as $$
  select j.position, format('the job of %s at %s on %s, generation %s, has not ended', j.event_type, j.target_position,
    j.queue, j.generation)
  from (
    (select o.*
     from hookledger.outbox o
     where o.position >= p_from and o.position < p_to and o.target_position = o.position
       and not exists (
         select from hookledger.inbox i
         where i.position = o.position and i.position >= p_from and i.position < p_to
           and i.queue = o.queue and i.replay_id = o.replay_id
           and (i.outcome = 'done' or i.generation >= o.generation))
     order by o.position limit 1)
    union all
    (select o.*
     from hookledger.outbox o
     where o.position >= p_from and o.position < p_to and o.target_position <> o.position
       and not exists (
         select from hookledger.inbox i
         where i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id
           and (i.outcome = 'done' or i.generation >= o.generation))
       and not exists (
         select from hookledger.job_partitions p
         where p.partition = o.target_position / hookledger.partition_size() and p.dropped_position >= o.position)
     order by o.position limit 1)
  ) j
  order by j.position, j.queue
  limit 1
$$;

-- What keeps a partition, and more about it for people; one row of nulls when nothing does. In this order:
-- in-use: positions are still drawn from it, or are to come
-- mark, lanes, checkpoints: the high-water mark, the cursor of a lane or an active read model is not past it
-- jobs: it is not known yet that every job in it has ended; see settle_job_partition
-- repetitions: a job of it was published again, from another partition, and is not over for so many days
-- dead-letters: somebody may redrive a job of it
-- grace: it has not been settled for so many days; a late second delivery must still meet its inbox row
create function hookledger.job_partition_hold(
  p_partition integer, p_job_days integer, out held_by text, out detail text)
language plpgsql stable set search_path = hookledger, pg_temp as $$
declare
  v_from constant bigint := p_partition * hookledger.partition_size();
  v_to constant bigint := v_from + hookledger.partition_size();
  v_kept_from constant timestamptz := clock_timestamp() - make_interval(days => p_job_days);
  v_settled_at timestamptz;
  v_position bigint;
begin
  select last_value into v_position from hookledger.position_seq;
  if v_to > v_position then
    held_by := 'in-use';
    detail := case
      when v_from > v_position then 'its positions are still to come'
      else 'positions are drawn from it'
    end;
    return;
  end if;

  select p.settled_at into v_settled_at from hookledger.job_partitions p where p.partition = p_partition;
  if v_settled_at is null then
    select m.position into v_position from hookledger.high_water_mark m;
    if v_position < v_to - 1 then
      held_by := 'mark';
      detail := format('the high-water mark stands at %s', v_position);
      return;
    end if;

    select format('lane of tenant %s and queue %s is published to %s', l.tenant_id, l.queue, l.published_position)
    into detail
    from hookledger.lanes l
    where l.published_position < v_to - 1 and exists (
      select from hookledger.outbox o
      where o.tenant_id = l.tenant_id and o.queue = l.queue and o.position > l.published_position
        and o.position >= v_from and o.position < v_to)
    limit 1;
    if found then
      held_by := 'lanes';
      return;
    end if;

    select format('read model %s v%s is folded to %s', p.name, p.version, c.position) into detail
    from hookledger.projections p join hookledger.projection_checkpoints c using (name, version)
    where p.state = 'active' and c.position < v_to - 1
    order by c.position limit 1;
    if found then
      held_by := 'checkpoints';
      return;
    end if;

    held_by := 'jobs';
    return;
  end if;

  -- Reconcile, too, must have passed it: it takes a row without an inbox row for one that got lost.
  select format('job of event %s on %s is repeated at %s', o.target_position, o.queue, o.position) into detail
  from hookledger.outbox o
  left join hookledger.settled_lanes s on s.tenant_id = o.tenant_id and s.queue = o.queue
  where o.target_position >= v_from and o.target_position < v_to and o.target_position <> o.position
    and (coalesce(s.position, 0) < o.position or not exists (
      select from hookledger.inbox i
      where i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id
        and (i.outcome = 'done' or i.generation >= o.generation) and i.ended_at < v_kept_from))
  limit 1;
  if found then
    held_by := 'repetitions';
    return;
  end if;

  if exists (select from hookledger.dead_letters d where d.position >= v_from and d.position < v_to) then
    held_by := 'dead-letters';
    detail := 'a job of it may be redriven';
    return;
  end if;

  if v_settled_at > v_kept_from then
    held_by := 'grace';
    detail := format('settled, and kept until %s UTC',
      to_char((v_settled_at + make_interval(days => p_job_days)) at time zone 'UTC', 'YYYY-MM-DD HH24:MI'));
  end if;
end
$$;

-- Looks on through a partition that only its jobs hold, at so many positions. Answers more, settled, or open with a job
-- that has not ended. What has ended once stays so, and below the mark no row is to come: nothing is read twice.
create function hookledger.settle_job_partition(
  p_partition integer, p_positions bigint, out state text, out detail text)
language plpgsql volatile security definer set search_path = hookledger, pg_temp as $$
declare
  v_to constant bigint := (p_partition + 1) * hookledger.partition_size();
  v_from bigint;
  v_next bigint;
begin
  if (select h.held_by from hookledger.job_partition_hold(p_partition, 1) h) is distinct from 'jobs' then
    raise exception 'partition % is not one that only its jobs hold', p_partition using errcode = '55000';
  end if;
  insert into hookledger.job_partitions (partition, settled_to)
  values (p_partition, p_partition * hookledger.partition_size())
  on conflict do nothing;
  select p.settled_to into v_from from hookledger.job_partitions p where p.partition = p_partition for update;

  v_next := least(v_from + p_positions, v_to);
  select j.detail into detail from hookledger.first_open_job(v_from, v_next) j;
  if found then
    state := 'open';
    return;
  end if;
  update hookledger.job_partitions
  set settled_to = v_next, settled_at = case when v_next = v_to then clock_timestamp() end
  where partition = p_partition;
  state := case when v_next = v_to then 'settled' else 'more' end;
end
$$;

-- Drops a partition of outbox, inbox and attempts that nothing holds. Answers dropped; held; or busy when others worked
-- with these tables all the time, to be tried again later. While it waits for the tables others wait behind it, so it
-- waits less than PostgreSQL does before it looks for deadlocks (a second): it is never somebody else who has to give
-- up. It takes the tables in the order of those that end jobs.
create function hookledger.drop_job_partition(p_partition integer, p_job_days integer) returns text
language plpgsql volatile security definer set search_path = hookledger, pg_temp set lock_timeout = '300ms' as $$
declare
  v_name text;
begin
  if p_job_days is null or p_job_days < 2 then
    raise exception 'jobs are kept for two days at least, not %: queues know a job for one', p_job_days
      using errcode = '22023';
  end if;
  if (select h.held_by from hookledger.job_partition_hold(p_partition, p_job_days) h) is not null then
    return 'held';
  end if;
  begin
    perform pg_advisory_xact_lock(7283, 2);
    lock table only hookledger.inbox, only hookledger.job_attempts, only hookledger.outbox in access exclusive mode;
  exception when lock_not_available then
    return 'busy';
  end;
  -- Again, now that nobody can repeat a job or bury one meanwhile.
  if (select h.held_by from hookledger.job_partition_hold(p_partition, p_job_days) h) is not null then
    return 'held';
  end if;
  begin
    foreach v_name in array array['inbox_', 'job_attempts_', 'outbox_'] loop
      execute format('drop table if exists hookledger.%I', v_name || lpad(p_partition::text, 6, '0'));
    end loop;
  exception when lock_not_available then
    return 'busy';
  end;
  update hookledger.job_partitions p
  set dropped_at = clock_timestamp(), dropped_position = (select m.position from hookledger.high_water_mark m)
  where p.partition = p_partition;
  return 'dropped';
end
$$;

-- The partitions that there are, with their size on disk. A number is below a million: that is ten trillion positions.
create function hookledger.list_job_partitions()
returns table ("partition" integer, from_position bigint, to_position bigint, bytes bigint, settled_to bigint)
language sql stable set search_path = hookledger, pg_temp as $$
  select t.partition, t.partition * hookledger.partition_size(), (t.partition + 1) * hookledger.partition_size(),
    t.bytes, coalesce(p.settled_to, t.partition * hookledger.partition_size())
  from (
    select right(c.relname, 6)::integer as partition, sum(pg_total_relation_size(c.oid))::bigint as bytes
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = any (
        array['hookledger.outbox', 'hookledger.inbox', 'hookledger.job_attempts']::regclass[])
      and c.relname ~ '_[0-9]{6}$'
    group by 1
  ) t
  left join hookledger.job_partitions p on p.partition = t.partition
  order by t.partition
$$;

-- What the late partitions hold of jobs that ended so many days ago, once nothing asks for them any more. Answers how
-- many rows went, at most p_limit of each table.
create function hookledger.delete_late_jobs(p_job_days integer, p_limit integer) returns integer
language plpgsql volatile security definer set search_path = hookledger, pg_temp as $$
declare
  v_before constant timestamptz := clock_timestamp() - make_interval(days => greatest(p_job_days, 2));
  v_jobs integer;
  v_attempts integer;
begin
  delete from hookledger.inbox_late i
  where i.ctid = any (array(
    select l.ctid from hookledger.inbox_late l
    where l.ended_at < v_before
      and not exists (
        select from hookledger.outbox o
        where o.target_position = l.position and o.target_position <> o.position and o.queue = l.queue
          and o.replay_id = l.replay_id)
      and not exists (
        select from hookledger.dead_letters d
        where d.position = l.position and d.queue = l.queue and d.replay_id = l.replay_id)
    limit p_limit));
  get diagnostics v_jobs = row_count;
  delete from hookledger.job_attempts_late a
  where a.ctid = any (array(
    select l.ctid from hookledger.job_attempts_late l
    where l.started_at < v_before
      and not exists (
        select from hookledger.outbox o
        where o.target_position = l.position and o.target_position <> o.position and o.queue = l.queue
          and o.replay_id = l.replay_id)
    limit p_limit));
  get diagnostics v_attempts = row_count;
  return v_jobs + v_attempts;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- The history of the mark
-- ---------------------------------------------------------------------------------------------------------------

-- Rows of the history that are over 30 days old and not the last of their minute: a time on the minute, such as the
-- end of a month, resolves to the position that it always did.
create function hookledger.thinnable_mark_history(p_limit integer) returns setof timestamptz
language sql stable set search_path = hookledger, pg_temp as $$
  select h.at
  from (
    select at, lead(at) over (order by at) as next from hookledger.high_water_mark_history
    where at < date_trunc('minute', now() - interval '30 days')
  ) h
  where date_trunc('minute', h.next) = date_trunc('minute', h.at)
  limit p_limit
$$;

create function hookledger.thin_mark_history(p_limit integer) returns integer
language plpgsql volatile security definer set search_path = hookledger, pg_temp as $$
declare
  v_deleted integer;
begin
  delete from hookledger.high_water_mark_history h
  using hookledger.thinnable_mark_history(p_limit) old (at) where h.at = old.at;
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Bodies of webhooks
-- ---------------------------------------------------------------------------------------------------------------

alter table hookledger.webhooks add column body_erased_at timestamptz;
comment on column hookledger.webhooks.body_erased_at is
  'Since then body and headers are empty and the URL has no query. Null: they are as they came in.';

-- One row: webhooks up to this position have been looked at. Those of them that had to be kept are in held_bodies, to
-- be looked at again; the unmapped and quarantined ones are kept for ever.
create table hookledger.body_erasure (
  singleton boolean not null default true,
  position bigint not null,
  constraint body_erasure_pkey primary key (singleton),
  constraint body_erasure_singleton_check check (singleton)
);
insert into hookledger.body_erasure (position) values (0);
create table hookledger.held_bodies (
  position bigint not null,
  looked_at timestamptz not null default clock_timestamp(),
  constraint held_bodies_pkey primary key (position)
);
create index held_bodies_looked_at_idx on hookledger.held_bodies (looked_at);
alter table hookledger.body_erasure enable row level security;
alter table hookledger.held_bodies enable row level security;
create policy application on hookledger.body_erasure to hookledger_app using (true);
create policy application on hookledger.held_bodies to hookledger_app using (true);
grant select on hookledger.body_erasure, hookledger.held_bodies to hookledger_app;

-- Of the next p_limit webhooks, and of as many that were kept before, those that were received before p_before; stops
-- at the first that was not, as later ones came later. One is needed where somebody still has to read it: nothing was made
-- of it, or it is one side of a conflict that nobody resolved yet, or a thing of it has no tenant.
create function hookledger.erasable_bodies(p_before timestamptz, p_limit integer)
returns table ("position" bigint, status text, is_needed boolean)
language sql stable set search_path = hookledger, pg_temp as $$
  select w.position, w.status,
    w.status in ('unmapped', 'quarantined')
      or exists (select from hookledger.conflicts c where c.webhook_id = w.id and c.resolved_position is null)
      or exists (select from hookledger.conflicts c where c.first_webhook_id = w.id and c.resolved_position is null)
      or w.status = 'unassigned' and exists (
        select from hookledger.events e join hookledger.streams s on s.stream_key = e.stream_key
        where e.webhook_id = w.id and s.tenant_id = 'unassigned')
  from (
    select o.position from (
      select n.position, bool_and(n.received_at < p_before) over (order by n.position) as is_old
      from (
        select position, received_at from hookledger.webhooks
        where position > (select e.position from hookledger.body_erasure e)
        order by position limit p_limit
      ) n
    ) o
    where o.is_old
    union all
    (select h.position from hookledger.held_bodies h order by h.looked_at limit p_limit)
  ) b
  join hookledger.webhooks w on w.position = b.position
  where w.received_at < p_before
$$;

-- Erases the bodies of webhooks that were received more than so many days ago, a batch at each call. Answers how many
-- it erased, and whether nothing is left for now.
create function hookledger.erase_webhook_bodies(
  p_days integer, p_limit integer, out erased integer, out is_done boolean)
language plpgsql volatile security definer set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_from bigint;
  v_to bigint;
  v_erasable bigint[];
  v_held bigint[];
begin
  if p_days is null or p_days < 1 then
    raise exception 'bodies are kept for one day at least, not %', p_days using errcode = '22023';
  end if;
  -- One at a time.
  select e.position into v_from from hookledger.body_erasure e for update;
  select greatest(max(b.position), v_from), coalesce(array_agg(b.position) filter (where not b.is_needed), '{}'),
    coalesce(array_agg(b.position) filter (where b.is_needed and b.status not in ('unmapped', 'quarantined')), '{}')
  into v_to, v_erasable, v_held
  from hookledger.erasable_bodies(clock_timestamp() - make_interval(days => p_days), p_limit) b;

  update hookledger.webhooks w
  set body = '', headers = '{}', url = split_part(w.url, '?', 1), body_erased_at = clock_timestamp()
  where w.position = any (v_erasable);
  delete from hookledger.held_bodies h where h.position = any (v_erasable);
  insert into hookledger.held_bodies (position) select unnest(v_held)
  on conflict on constraint held_bodies_pkey do update set looked_at = excluded.looked_at;
  update hookledger.body_erasure e set position = v_to where e.position < v_to;

  erased := cardinality(v_erasable);
  is_done := erased = 0 and v_to = v_from;
end
$$;

revoke all on function
  hookledger.partition_size(), hookledger.first_open_job(bigint, bigint),
  hookledger.job_partition_hold(integer, integer), hookledger.settle_job_partition(integer, bigint),
  hookledger.drop_job_partition(integer, integer), hookledger.list_job_partitions(),
  hookledger.delete_late_jobs(integer, integer), hookledger.thinnable_mark_history(integer),
  hookledger.thin_mark_history(integer),
  hookledger.erasable_bodies(timestamptz, integer), hookledger.erase_webhook_bodies(integer, integer)
  from public;
grant execute on function
  hookledger.partition_size(), hookledger.first_open_job(bigint, bigint),
  hookledger.job_partition_hold(integer, integer), hookledger.settle_job_partition(integer, bigint),
  hookledger.drop_job_partition(integer, integer), hookledger.list_job_partitions(),
  hookledger.delete_late_jobs(integer, integer), hookledger.thinnable_mark_history(integer),
  hookledger.thin_mark_history(integer),
  hookledger.erasable_bodies(timestamptz, integer), hookledger.erase_webhook_bodies(integer, integer)
  to hookledger_app;

reset role;
