-- Dead letters in partitions of a day, which are dropped whole; grouped by what killed their jobs; buried by one
-- function, redriven or purged by a person.
set role hookledger_owner;

-- The same for all deaths of one bug: of the error's first line it counts what does not differ from job to job. Quoted
-- strings, addresses, uuids, hex and whatever holds a digit become `?`. By the bytes of ASCII ("C"), so that two
-- databases with other locales agree.
create function hookledger.dead_letter_fingerprint(p_queue text, p_event_type text, p_cause text, p_detail text)
returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select left(encode(sha256(convert_to(
    p_queue || e'\n' || p_event_type || e'\n' || p_cause || e'\n' || btrim(regexp_replace(
      regexp_replace(
        regexp_replace(
          regexp_replace(
            regexp_replace(
              left(split_part(replace(p_detail, e'\r', e'\n'), e'\n', 1), 4000) collate "C",
              $q$(?<!\w)(?:"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|‘[^’]*’)(?!\w)$q$, '?', 'g'),
            '[^\s@]+@[^\s@]+', '?', 'g'),
          '\m[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\M', '?', 'gi'),
        '\m(?:[0-9a-f]{8,}|\w*\d\w*(?:[.,:/+-]+\w*\d\w*)*)\M', '?', 'gi'),
      '\s+', ' ', 'g')),
    'UTF8')), 'hex'), 16)
$$;

alter table hookledger.dead_letters rename to dead_letters_before;
alter table hookledger.dead_letters_before rename constraint dead_letters_pkey to dead_letters_before_pkey;

-- Of each job and generation there is one letter: hookledger.bury_jobs writes it only together with the change of the
-- job's inbox row to that generation, and that row is unique and never goes back. The key itself must hold the day.
create table hookledger.dead_letters (
  position bigint not null,
  queue text not null,
  replay_id text not null,
  generation integer not null,
  tenant_id text collate "C" not null,
  event_id uuid not null,
  event_type text not null,
  cause text not null,
  detail text not null,
  attempts integer not null,
  -- To the millisecond, as clients and cursors write a time.
  died_at timestamptz(3) not null default clock_timestamp(),
  fingerprint text not null
    generated always as (hookledger.dead_letter_fingerprint(queue, event_type, cause, detail)) stored,
  constraint dead_letters_pkey primary key (position, queue, replay_id, generation, died_at)
) partition by range (died_at);
create index dead_letters_died_at_idx on hookledger.dead_letters (died_at, position);
create index dead_letters_event_id_idx on hookledger.dead_letters (event_id);
create index dead_letters_fingerprint_idx on hookledger.dead_letters (fingerprint, died_at);

alter table hookledger.dead_letters enable row level security;
create policy application on hookledger.dead_letters to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*'
    or tenant_id = (select current_setting('hookledger.tenant', true)));
create policy tenant on hookledger.dead_letters for select to hookledger_tenant
  using (tenant_id = (select current_setting('hookledger.tenant', true)));
grant select, insert, delete on hookledger.dead_letters to hookledger_app;

-- Makes the partition of one day (UTC). Answers whether there was none. The caller holds the lock of the partitions.
create function hookledger.ensure_dead_letter_partition(p_day date) returns boolean
language plpgsql security definer set search_path = hookledger, pg_temp as $$
declare
  v_name constant text := 'dead_letters_' || to_char(p_day, 'YYYYMMDD');
begin
  if to_regclass('hookledger.' || v_name) is not null then
    return false;
  end if;
  -- Attaching blocks no burial; creating it as a partition would wait for every one of them.
  execute format('create table hookledger.%I (like hookledger.dead_letters including defaults including constraints
    including generated)', v_name);
  execute format('alter table hookledger.dead_letters attach partition hookledger.%I for values from (%L) to (%L)',
    v_name, p_day::timestamp at time zone 'UTC', (p_day + 1)::timestamp at time zone 'UTC');
  return true;
end
$$;

-- Makes the partitions of today and the seven days to come: as long may whoever calls it be down. Answers how many it
-- made. Safe to repeat and to run side by side.
create function hookledger.ensure_dead_letter_partitions() returns integer
language plpgsql security definer set search_path = hookledger, pg_temp as $$
declare
  v_today constant date := (clock_timestamp() at time zone 'UTC')::date;
begin
  perform pg_advisory_xact_lock(7283, 2);
  return (select count(*) filter (where hookledger.ensure_dead_letter_partition(v_today + n))
    from generate_series(0, 7) n);
end
$$;

-- Drops the partitions whose every letter is older than so many days, and answers how many. Whoever reads letters makes
-- it wait, and while it waits nobody buries: it gives up after two seconds (55P03), to be called again later.
create function hookledger.drop_dead_letter_partitions(keep_days integer) returns integer
language plpgsql security definer set search_path = hookledger, pg_temp set lock_timeout = '2s' as $$
declare
  v_first constant date := (clock_timestamp() at time zone 'UTC')::date - keep_days;
  v_partition text;
  v_dropped integer := 0;
begin
  if keep_days is null or keep_days < 1 then
    raise exception 'dead letters are kept for one day at least, not %', keep_days using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(7283, 2);
  for v_partition in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'hookledger.dead_letters'::regclass
      and right(c.relname, 8) < to_char(v_first, 'YYYYMMDD')
    order by c.relname
  loop
    execute format('drop table hookledger.%I', v_partition);
    v_dropped := v_dropped + 1;
  end loop;
  return v_dropped;
end
$$;

select hookledger.ensure_dead_letter_partition((d.died_at::timestamptz(3) at time zone 'UTC')::date)
from hookledger.dead_letters_before d
group by (d.died_at::timestamptz(3) at time zone 'UTC')::date;
select hookledger.ensure_dead_letter_partitions();
insert into hookledger.dead_letters
  (position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts, died_at)
select position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts, died_at
from hookledger.dead_letters_before;
drop table hookledger.dead_letters_before;

-- Ends jobs without success: inbox row and dead letter of each, in the caller's transaction and scope. Answers how many
-- it buried. Safe to repeat: a job that has ended stays as it is, unless it ended otherwise than done under a lower
-- generation; then this death is the news, and has a letter of its own.
create function hookledger.bury_jobs(p_jobs json) returns integer
language plpgsql volatile set search_path = hookledger, pg_temp set enable_seqscan = off as $$
declare
  v_buried integer;
begin
  with dead as (
    select distinct on (j.position, j.queue, j.replay_id) j.*
    from json_to_recordset(p_jobs) j (position bigint, queue text, replay_id text, generation integer, tenant_id text,
      event_id uuid, event_type text, cause text, detail text, attempts integer)
    order by j.position, j.queue, j.replay_id, j.generation desc
  ), ended as (
    insert into hookledger.inbox as i (position, queue, replay_id, tenant_id, generation, outcome)
    select d.position, d.queue, d.replay_id, d.tenant_id, d.generation, 'dead'
    from dead d order by d.position, d.queue, d.replay_id
    on conflict (position, queue, replay_id) do update
    set outcome = 'dead', generation = excluded.generation, ended_at = clock_timestamp()
    where i.outcome <> 'done' and i.generation < excluded.generation
    returning i.position, i.queue, i.replay_id
  )
  insert into hookledger.dead_letters
    (position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts)
  select d.position, d.queue, d.replay_id, d.generation, d.tenant_id, d.event_id, d.event_type, d.cause, d.detail,
    d.attempts
  from dead d join ended using (position, queue, replay_id);
  get diagnostics v_buried = row_count;
  return v_buried;
end
$$;

-- As before, and the days to come of the dead letters, too.
create or replace function hookledger.ensure_partitions() returns integer
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
  return v_made + hookledger.ensure_dead_letter_partitions();
end
$$;

revoke all on function
  hookledger.ensure_dead_letter_partition(date), hookledger.ensure_dead_letter_partitions(),
  hookledger.drop_dead_letter_partitions(integer), hookledger.bury_jobs(json)
  from public;
grant execute on function
  hookledger.ensure_dead_letter_partitions(), hookledger.drop_dead_letter_partitions(integer),
  hookledger.bury_jobs(json)
  to hookledger_app;

reset role;
