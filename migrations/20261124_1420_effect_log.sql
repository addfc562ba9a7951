-- The effect log: what every call to the outside leaves behind, before it is made and after. Until now nothing wrote
-- into hookledger.intents.
set role hookledger_owner;

alter table hookledger.intents
  add column key uuid not null,
  add column position bigint not null,
  add column adapter text not null,
  add column generation integer not null,
  add column request_hash bytea not null,
  add column token bigint not null,
  add column called_token bigint,
  add column is_unanswered boolean not null,
  add column calls integer not null default 0,
  add column error text,
  add column created_at timestamptz not null default clock_timestamp(),
  add column called_at timestamptz,
  add column ended_at timestamptz,
  add column resolved_by text,
  add column resolved_reason text,
  add column resolved_position bigint,
  add constraint intents_key_key unique (key);

-- What waits for somebody; the rest, which is most of it, is done.
create index intents_open_idx on hookledger.intents (created_at, key) where state <> 'done';

comment on column hookledger.intents.key is 'The idempotency key that the other side gets; by it people name the effect.';
comment on column hookledger.intents.position is 'Of the event whose job asked first.';
comment on column hookledger.intents.token is 'Grows with every owner; what an older one writes changes nothing.';
comment on column hookledger.intents.called_token is
  'The last owner that called: its result counts however late it comes, until another one has called.';
comment on column hookledger.intents.is_unanswered is
  'A call was begun, and nobody knows yet whether the other side carried it out.';
comment on column hookledger.intents.result is 'What the handler reads of the answer; never a body, never personal data.';
comment on column hookledger.intents.resolved_position is 'Of the event that says how a person last decided.';

reset role;
