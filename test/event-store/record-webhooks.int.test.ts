import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import type { WebhookRecord } from '../../src/event-store/record-webhooks.ts';
import { createWebhookRecorder } from '../../src/ingest/webhook-recorder.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const logger = createLogger({ level: 'silent' });
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.adminPool.query(`insert into hookledger.tenants (id, name) values ('tnt_a', 'A'), ('tnt_b', 'B')`);
});
afterAll(() => database.drop());

const record = (batch: readonly WebhookRecord[]) => recordWebhooks(database.pool, batch);
const outcomes = async (batch: readonly WebhookRecord[]) => (await record(batch)).map(({ outcome }) => outcome);

async function rows<T extends object>(sql: string, values: readonly unknown[] = []): Promise<readonly T[]> {
  return (await database.adminPool.query<T>(sql, [...values])).rows;
}

describe('recording webhooks', () => {
  test('writes the raw bytes, the events and an outbox row for each queue of the routing table', async () => {
    const webhook = webhookRecord({ key: 'whole', content: '{"a":1}', calls: ['whole'], tenantId: 'tnt_a' });
    expect(await record([webhook])).toEqual([{ outcome: 'accepted', webhookId: webhook.id }]);
    const [stored] = await rows<{ body: Buffer; tenant_id: string; headers: object }>(
      'select body, tenant_id, headers from hookledger.webhooks where id = $1',
      [webhook.id],
    );
    expect(stored).toEqual({ body: Buffer.from('{"a":1}'), tenant_id: 'tnt_a', headers: webhook.headers });
    expect(
      await rows(
        `select e.type, e.version, o.queue, o.tenant_id, o.generation, o.replay_id from hookledger.events e
         join hookledger.outbox o on o.target_position = e.position where e.webhook_id = $1`,
        [webhook.id],
      ),
    ).toEqual([
      {
        type: 'CallStarted',
        version: '1',
        queue: 'ingress-events',
        tenant_id: 'tnt_a',
        generation: 0,
        replay_id: 'live',
      },
    ]);
  });

  test('answers duplicate with the id that is kept, also within one batch, and counts it', async () => {
    const first = webhookRecord({ key: 'twice', calls: ['twice'] });
    const answers = await record([first, webhookRecord({ key: 'twice', calls: ['twice'] })]);
    expect(answers).toEqual([
      { outcome: 'unassigned', webhookId: first.id },
      { outcome: 'duplicate', webhookId: first.id },
    ]);
    expect(await record([webhookRecord({ key: 'twice', calls: ['twice'] })])).toEqual([
      { outcome: 'duplicate', webhookId: first.id },
    ]);
    expect(await rows('select count(*) from hookledger.webhook_duplicates where webhook_id = $1', [first.id])).toEqual([
      { count: '2' },
    ]);
    expect(await rows('select count(*) from hookledger.events where external_id = $1', ['twice'])).toEqual([
      { count: '1' },
    ]);
  });

  test('keeps another body under the same key once, as a conflict, without events', async () => {
    const first = webhookRecord({ key: 'torn', content: 'one', calls: ['torn'] });
    await record([first]);
    const other = webhookRecord({ key: 'torn', content: 'two', calls: ['torn'] });
    expect(await record([other])).toEqual([{ outcome: 'conflict', webhookId: other.id }]);
    expect(await record([webhookRecord({ key: 'torn', content: 'two', calls: ['torn'] })])).toEqual([
      { outcome: 'duplicate', webhookId: other.id },
    ]);
    expect(
      await rows('select status, convert_from(body, $1) as body from hookledger.webhooks where id = $2', [
        'utf8',
        other.id,
      ]),
    ).toEqual([{ status: 'conflict', body: 'two' }]);
    expect(await rows('select count(*) from hookledger.events where external_id = $1', ['torn'])).toEqual([
      { count: '1' },
    ]);
  });

  test('a hash of the content tells duplicates until its window has passed', async () => {
    const windowed = (hours: number) =>
      webhookRecord({ key: 'content', calls: ['content'], contentWindowHours: hours });
    expect(await outcomes([windowed(24)])).toEqual(['unassigned']);
    expect(await outcomes([windowed(24)])).toEqual(['duplicate']);
    await database.adminPool.query(
      `update hookledger.dedupe set expires_at = clock_timestamp() where expires_at is not null`,
    );
    expect(await outcomes([windowed(24)])).toEqual(['unassigned']);
  });

  test('keeps unmapped and quarantined webhooks under their own names', async () => {
    expect(
      await outcomes([
        webhookRecord({ key: 'odd', status: 'unmapped' }),
        webhookRecord({ key: 'foreign', status: 'quarantined' }),
      ]),
    ).toEqual(['unmapped', 'quarantined']);
  });

  test('a thing keeps the tenant of its first event', async () => {
    await record([webhookRecord({ key: 'owner-1', calls: ['owned'], tenantId: 'tnt_a' })]);
    await record([webhookRecord({ key: 'owner-2', calls: ['owned'], tenantId: 'tnt_b' })]);
    expect(
      await rows('select type, tenant_id from hookledger.events where external_id = $1 order by version', ['owned']),
    ).toEqual([
      { type: 'CallStarted', tenant_id: 'tnt_a' },
      { type: 'CallStarted', tenant_id: 'tnt_a' },
    ]);
  });

  test('a thing that began without a tenant takes the first that a later webhook names, by an event', async () => {
    await record([webhookRecord({ key: 'lost-1', calls: ['lost'] })]);
    expect(await outcomes([webhookRecord({ key: 'lost-2', calls: ['lost'], tenantId: 'tnt_b' })])).toEqual([
      'accepted',
    ]);
    expect(
      await rows('select version, type, tenant_id from hookledger.events where external_id = $1 order by version', [
        'lost',
      ]),
    ).toEqual([
      { version: '1', type: 'CallStarted', tenant_id: 'unassigned' },
      { version: '2', type: 'StreamTenantMoved', tenant_id: 'tnt_b' },
      { version: '3', type: 'CallStarted', tenant_id: 'tnt_b' },
    ]);
  });

  test('events can be neither changed nor deleted, by anyone', async () => {
    for (const pool of [database.adminPool, database.pool]) {
      for (const change of [
        'update hookledger.events set type = type',
        'delete from hookledger.events',
        'truncate hookledger.events',
      ]) {
        await expect(pool.query(change)).rejects.toThrow(/append-only|permission denied/);
      }
    }
    await expect(database.adminPool.query('truncate hookledger.events_000000')).rejects.toThrow(/append-only/);
  });

  test('concurrent batches that share streams and keys: no deadlock, every answer right, versions without holes', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `shared-${index}`);
    const recorder = createWebhookRecorder({ pool: database.pool, logger, onRecorded: () => undefined });
    const sent = Array.from({ length: 1_200 }, () => {
      const key = keys[randomInt(keys.length)] ?? '';
      return webhookRecord({ key: `${key}-${randomInt(6)}`, calls: shuffled(['s1', 's2', 's3', 's4']) });
    });
    const chunks = Array.from({ length: 60 }, (_, index) => sent.slice(index * 20, index * 20 + 20));
    const byBatch = Promise.all(chunks.slice(0, 30).map((chunk) => retried(chunk)));
    const byRecorder = Promise.all(
      chunks
        .slice(30)
        .flat()
        .map((webhook) => recorder.record(webhook, () => webhook)),
    );
    const answers = [...(await byBatch).flat(), ...(await byRecorder)];
    const fresh = answers.filter(({ outcome }) => outcome === 'unassigned');
    const distinct = new Set(sent.map(({ providerEventId }) => providerEventId));
    expect(fresh).toHaveLength(distinct.size);
    expect(answers.filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(sent.length - distinct.size);
    expect(
      await rows(`select stream_key, count(*) = max(version) and min(version) = 1 as whole from hookledger.events
        where external_id in ('s1', 's2', 's3', 's4') group by stream_key`),
    ).toEqual(Array.from({ length: 4 }, () => expect.objectContaining({ whole: true })));
    // Within a stream, positions grow with versions.
    expect(
      await rows(`select count(*) from (
        select position < lag(position) over (partition by stream_key order by version) as back from hookledger.events
      ) o where back`),
    ).toEqual([{ count: '0' }]);
  });

  /** A deadlock would show here: batches that go straight to the store are not retried. */
  async function retried(batch: readonly WebhookRecord[]) {
    return recordWebhooks(database.pool, batch);
  }
});

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
}
