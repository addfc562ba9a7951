-- Relays announce themselves among the leases, so that each takes its share of the shards; and a person resolves a
-- conflict.
set role hookledger_owner;

grant insert, delete on hookledger.leases to hookledger_app;
comment on table hookledger.leases is
  'token grows with every new owner: a late owner''s writes name an older one and change nothing. relay-0 to relay-15 are
   the shards; relays/<owner> is a relay that lives, whether or not it has a shard yet.';

grant update (resolved_position) on hookledger.conflicts to hookledger_app;
create index conflicts_webhook_id_idx on hookledger.conflicts (webhook_id);
create index conflicts_first_webhook_id_idx on hookledger.conflicts (first_webhook_id);
create index rejections_rejected_at_idx on hookledger.rejections (rejected_at, id);

reset role;
