-- Which transport the relays publish to. An operator switches it; until then it is the one that is configured.
set role hookledger_owner;

-- Append-only: who switched, when and why. The last row is in force.
create table hookledger.transport_switches (
  epoch bigint not null,
  transport text not null,
  switched_by text not null,
  reason text not null,
  switched_at timestamptz not null default clock_timestamp(),
  constraint transport_switches_pkey primary key (epoch),
  constraint transport_switches_transport_check check (transport in ('redis', 'postgres'))
);
create trigger transport_switches_append_only before update or delete on hookledger.transport_switches
  for each row execute function hookledger.refuse_change();
create trigger transport_switches_no_truncate before truncate on hookledger.transport_switches
  for each statement execute function hookledger.refuse_change();
alter table hookledger.transport_switches enable always trigger transport_switches_append_only;
alter table hookledger.transport_switches enable always trigger transport_switches_no_truncate;

alter table hookledger.transport_switches enable row level security;
create policy application on hookledger.transport_switches to hookledger_app using (true);
grant select, insert on hookledger.transport_switches to hookledger_app;

reset role;
