-- Row-level security holds for the owner of a table, too, which functions with its rights would pass by otherwise: what
-- they may see is a policy, like everything else. Partitions are reached through their parents only, and have none.
-- Each table is locked for a moment; where one is in use for longer, nothing has changed, and this can be run again.
set role hookledger_owner;
set local lock_timeout = '10s';

do $$
declare
  v_table text;
begin
  for v_table in
    select c.relname from pg_class c
    where c.relnamespace = 'hookledger'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname
  loop
    execute format('alter table hookledger.%I enable row level security', v_table);
    execute format('create policy owner on hookledger.%I to hookledger_owner using (true)', v_table);
    execute format('alter table hookledger.%I force row level security', v_table);
  end loop;
end
$$;

set local lock_timeout = default;
reset role;
