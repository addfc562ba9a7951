-- Reconcile finds jobs that were published and got lost. It looks at every outbox row once and remembers, for each lane,
-- how far everything has ended.
set role hookledger_owner;

insert into hookledger.leases (name) values ('reconcile');

-- Beside the lanes, not in them: whoever moves a lane's cursor never waits for this.
create table hookledger.settled_lanes (
  tenant_id text collate "C" not null,
  queue text not null,
  position bigint not null,
  constraint settled_lanes_pkey primary key (tenant_id, queue)
);
comment on column hookledger.settled_lanes.position is
  'Every job that is published at or below it has ended or was repeated; without a row, nothing is known.';

alter table hookledger.settled_lanes enable row level security;
create policy application on hookledger.settled_lanes to hookledger_app
  using ((select current_setting('hookledger.tenant', true)) = '*'
    or tenant_id = (select current_setting('hookledger.tenant', true)));
create policy tenant on hookledger.settled_lanes for select to hookledger_tenant
  using (tenant_id = (select current_setting('hookledger.tenant', true)));
grant select, insert, update on hookledger.settled_lanes to hookledger_app;

reset role;
