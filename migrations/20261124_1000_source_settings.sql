-- What a provider wants to know of a source beyond its secrets, and why a request was refused, for people.
set role hookledger_owner;

alter table hookledger.sources add column settings jsonb not null default '{}';
comment on column hookledger.sources.settings is 'Read by the provider''s own schema; never a secret.';

alter table hookledger.rejections add column detail text;
create or replace function hookledger.record_rejections(p_rejections json) returns void
language sql volatile security definer set search_path = hookledger, pg_temp as $$
  insert into hookledger.rejections as r
    (slot, id, rejected_at, provider, source_id, cause, detail, header_names, body_hash, body_bytes)
  select (nextval('hookledger.rejection_seq') % 10000)::integer, x.id, x.rejected_at, x.provider, x.source_id,
    x.cause, x.detail, x.header_names, x.body_hash, x.body_bytes
  from json_to_recordset(p_rejections) x (id uuid, rejected_at timestamptz, provider text, source_id text, cause text,
    detail text, header_names text[], body_hash bytea, body_bytes integer)
  on conflict (slot) do update set
    id = excluded.id, rejected_at = excluded.rejected_at, provider = excluded.provider,
    source_id = excluded.source_id, cause = excluded.cause, detail = excluded.detail,
    header_names = excluded.header_names, body_hash = excluded.body_hash, body_bytes = excluded.body_bytes
$$;

reset role;
