-- Whether a queue still moves is asked every few seconds: by the ends of the last minutes, of which an index by blocks
-- is all that is needed. It costs the workers next to nothing, since ends are written in the order of their time.
set role hookledger_owner;

create index inbox_ended_at_idx on hookledger.inbox using brin (ended_at) with (pages_per_range = 16, autosummarize = on);

reset role;
