-- Jobs in the order of their stream: the end of a job wakes the one that waits for it, and who holds streams is known.
set role hookledger_owner;

-- What the workers that run say of their queues; whoever looks for held streams has no handlers to ask.
create table hookledger.ordered_queues (
  queue text not null,
  on_dead text not null,
  types text[] not null,
  declared_at timestamptz not null default clock_timestamp(),
  constraint ordered_queues_pkey primary key (queue),
  constraint ordered_queues_on_dead_check check (on_dead in ('go on', 'hold'))
);
comment on table hookledger.ordered_queues is
  'The queues whose jobs are handled in the order of each stream; the worker that started last says so.';
comment on column hookledger.ordered_queues.on_dead is 'What becomes of a stream after a job of it died.';
comment on column hookledger.ordered_queues.types is 'The event types that are routed to the queue.';
alter table hookledger.ordered_queues enable row level security;
create policy application on hookledger.ordered_queues to hookledger_app using (true);
grant select, insert, update, delete on hookledger.ordered_queues to hookledger_app;

create index dead_letters_queue_idx on hookledger.dead_letters (queue, died_at);

-- As before; but a dead job holds its stream only as long as its letter is kept, since without one nobody could redrive
-- or purge it, and the stream would stand for ever.
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
        when n.outcome in ('dead', 'expired') and j.holds then
          case when exists (
            select from hookledger.dead_letters d
            where d.position = p.position and d.queue = j.queue and d.replay_id = j.replay_id
          ) then 'held' end
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

-- The jobs that may wait for the end of these: of each, that of the stream's next event of such a type, with every
-- generation under which it was published. One that has ended, or has been tried, waits for nothing here.
create function hookledger.next_jobs(p_jobs json)
returns table (queue text, event_id uuid, replay_id text, generation integer)
language plpgsql volatile set search_path = hookledger, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  perform set_config('hookledger.tenant', '*', true);
  return query
  select j.queue, n.event_id, j.replay_id, o.generation
  from json_to_recordset(p_jobs) j (position bigint, queue text, replay_id text, types text[])
  join hookledger.events e on e.position = j.position
  cross join lateral (
    select later.position, later.event_id from hookledger.events later
    where later.stream_key = e.stream_key and later.version > e.version and later.type = any (j.types)
    order by later.version limit 1
  ) n
  cross join lateral (
    select first.generation from hookledger.outbox first
    where first.position = n.position and first.queue = j.queue and first.replay_id = j.replay_id
    union all
    select late.generation from hookledger.outbox late
    where late.target_position = n.position and late.target_position <> late.position
      and late.queue = j.queue and late.replay_id = j.replay_id
  ) o
  where not exists (
      select from hookledger.inbox i
      where i.position = n.position and i.queue = j.queue and i.replay_id = j.replay_id)
    and not exists (
      select from hookledger.job_attempts a
      where a.position = n.position and a.queue = j.queue and a.replay_id = j.replay_id);
end
$$;
revoke all on function hookledger.next_jobs(json) from public;
grant execute on function hookledger.next_jobs(json) to hookledger_app;

reset role;
