-- Calls and chats that began: few of all events, and those without an end are looked for.
set role hookledger_owner;

create index events_started_idx on hookledger.events (occurred_at) where type in ('CallStarted', 'ChatStarted');

reset role;
