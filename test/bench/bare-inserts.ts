import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Pool } from '../../src/platform/postgres.ts';
import { newEventRow } from '../../src/event-store/event-row.ts';
import type { WebhookRecord } from '../../src/event-store/record-webhooks.ts';

/** The same tables, with their partitions, indexes and checks, without triggers, locks, versions or dedupe: the floor. */
export async function createBareTables(client: pg.Client): Promise<void> {
  const like = (table: string): string =>
    `bare.${table} (like hookledger.${table} including defaults including indexes including constraints)`;
  const byPosition = ['webhooks', 'events', 'outbox'].map(
    (table) => `
    create table ${like(table)} partition by range (position);
    create table bare.${table}_0 partition of bare.${table} for values from (0) to (10000000);`,
  );
  const byKey = [0, 1, 2, 3].map(
    (part) => `
    create table bare.dedupe_p${part} partition of bare.dedupe for values with (modulus 4, remainder ${part});`,
  );
  await client.query(`
    create schema bare;
    create table ${like('streams')};
    create table ${like('dedupe')} partition by hash (key_hash);
    ${byKey.join('')}${byPosition.join('')}
    create sequence bare.position_seq;
    create type bare.webhook as (id uuid, body_offset integer, body_bytes integer, dedupe_key bytea, content_hash bytea);
  `);
}

/** One statement: every row that a recorded webhook leaves behind, and nothing that keeps them right. */
export async function recordBare(pool: Pool, batch: readonly WebhookRecord[]): Promise<void> {
  let offset = 0;
  const webhooks = batch.map(({ id, body, dedupeKey, contentHash }) => {
    const row = {
      id,
      body_offset: offset,
      body_bytes: body.length,
      dedupe_key: `\\x${dedupeKey.toString('hex')}`,
      content_hash: `\\x${contentHash.toString('hex')}`,
    };
    offset += body.length;
    return row;
  });
  const events = batch.flatMap((webhook, index) => webhook.events.map((event) => newEventRow(event, index)));
  const sample = batch[0];
  await pool.query(
    `with w as (select * from json_populate_recordset(null::bare.webhook, $1::json)),
     e as (select *, nextval('bare.position_seq') as position from json_populate_recordset(null::hookledger.new_event, $2::json)),
     dedupe as (
       insert into bare.dedupe (key_hash, content_hash, webhook_id, source_id)
       select dedupe_key, content_hash, id, 'src_test' from w
     ), streams as (
       insert into bare.streams (stream_key, kind, provider, account, external_id, mode, tenant_id, fold_range, version)
       select stream_key, stream_kind, provider, account, external_id, mode, tenant_id, 0, 1 from e
     ), events as (
       insert into bare.events (
         position, event_id, type, schema_version, stream_key, stream_kind, version, tenant_id, provider, account,
         external_id, mode, books, source_id, webhook_id, correlation_id, occurred_at, fold_range, data, personal)
       select position, event_id, type, schema_version, stream_key, stream_kind, 1, tenant_id, provider, account,
         external_id, mode, books, source_id, webhook_id, correlation_id, occurred_at, 0, data, personal from e
     ), outbox as (
       insert into bare.outbox (position, queue, tenant_id, target_position, event_id, event_type)
       select e.position, q.queue, e.tenant_id, e.position, e.event_id, e.type from e cross join unnest(e.queues) q (queue)
     )
     insert into bare.webhooks (
       position, id, source_id, provider, account, mode, books, tenant_id, status, provider_type, method, url, headers,
       body, content_hash, received_at)
     select nextval('bare.position_seq'), id, 'src_test', 'retell', 'org_1', 'test', 'platform', 'unassigned', 'accepted',
       'call_ended', 'POST', $4::text, $5::jsonb, substring($3::bytea from body_offset + 1 for body_bytes), content_hash,
       clock_timestamp()
     from w`,
    [
      JSON.stringify(webhooks),
      JSON.stringify(events),
      Buffer.concat(batch.map(({ body }) => body)),
      sample?.url ?? randomUUID(),
      JSON.stringify(sample?.headers ?? {}),
    ],
  );
}
