import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import type { RetentionDays, RetentionReport } from '../../src/event-store/retention.ts';
import { createRetention, previewRetention, runRetention } from '../../src/event-store/retention.ts';
import { resolveAsOf } from '../../src/finance/as-of.ts';
import { readConflict } from '../../src/finance/conflicts.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { readWebhookStory } from '../../src/finance/webhook-story.ts';
import { storyJson } from '../../src/http/v1/story-json.ts';
import { createNormalise } from '../../src/ingest/normalise.ts';
import { stripe } from '../../src/ingest/providers/stripe.ts';
import { resolveConflict } from '../../src/ingest/resolve-conflict.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { createIngestBench } from '../support/ingest-bench.ts';
import type { IngestBench } from '../support/ingest-bench.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const DAYS: RetentionDays = { jobDays: 30, deadLetterDays: 30, webhookBodyDays: undefined };
const logger = createLogger({ level: 'silent' });
const { signal } = new AbortController();

let database: TestDatabase;
let bench: IngestBench;
beforeAll(async () => {
  database = await createTestDatabase();
  bench = await createIngestBench(database);
  await bench.map('stripe', 'cus_bench');
});
afterAll(async () => {
  await bench.close();
  await database.drop();
});

const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  (await database.adminPool.query<Record<string, unknown>>(text, values)).rows;
const run = (days: Partial<RetentionDays> = {}): Promise<RetentionReport> =>
  runRetention({ pool: database.pool, logger, days: { ...DAYS, ...days } }, signal);
const preview = (days: Partial<RetentionDays> = {}): Promise<RetentionReport> =>
  previewRetention({ pool: database.pool, logger, days: { ...DAYS, ...days } }, signal);

describe('the history of the mark', () => {
  test('keeps the last row of each minute once it is 30 days old, so that a time on the minute resolves as before', async () => {
    const start = Date.now() - 31 * 86_400_000;
    await sql(
      `insert into hookledger.high_water_mark_history (at, position)
       select to_timestamp($1) + n * interval '7 seconds', n + 1 from generate_series(0, 299) n`,
      [start / 1_000],
    );
    await sql('update hookledger.high_water_mark set position = 1000');
    const minutes = Array.from({ length: 34 }, (_, n) => new Date(Math.ceil(start / 60_000) * 60_000 + n * 60_000));
    const positions = () =>
      withReadTransaction(database.pool, {}, async (tx) => {
        const found: string[] = [];
        for (const at of minutes) {
          const { position } = await resolveAsOf(tx, { kind: 'time', at }, { modelPosition: 1_000n, now: new Date() });
          found.push(String(position));
        }
        return found;
      });
    const before = await positions();
    expect(new Set(before).size).toBe(34);
    const { markHistoryRows } = await preview();
    expect(markHistoryRows).toBeGreaterThan(250);
    expect((await run()).markHistoryRows).toBe(markHistoryRows);
    expect(await positions()).toEqual(before);
    expect((await run()).markHistoryRows).toBe(0);
    const left = await sql('select count(*)::integer as rows from hookledger.high_water_mark_history');
    expect(left).toEqual([{ rows: 300 - markHistoryRows }]);
  });
});

describe('dead letters', () => {
  test('go by whole days', async () => {
    await sql(`select hookledger.ensure_dead_letter_partition((clock_timestamp() at time zone 'UTC')::date - 40)`);
    await sql(
      `insert into hookledger.dead_letters (position, queue, replay_id, generation, tenant_id, event_id, event_type,
         cause, detail, attempts, died_at)
       values (1, 'notifications', 'live', 0, 'unassigned', gen_random_uuid(), 'CallStarted', 'expired', 'late', 1,
         clock_timestamp() - interval '40 days')`,
    );
    expect((await preview({ deadLetterDays: 60 })).deadLetterDays).toBe(0);
    expect((await preview()).deadLetterDays).toBe(1);
    expect(await sql('select from hookledger.dead_letters')).toHaveLength(1);
    expect((await run()).deadLetterDays).toBe(1);
    expect(await sql('select from hookledger.dead_letters')).toHaveLength(0);
  });

  test('that somebody reads all the time stay, and the rest of the run goes on', async () => {
    await sql(`select hookledger.ensure_dead_letter_partition((clock_timestamp() at time zone 'UTC')::date - 41)`);
    const reader = await database.adminPool.connect();
    await reader.query('begin');
    await reader.query('select from hookledger.dead_letters');
    expect((await run()).deadLetterDays).toBeUndefined();
    await reader.query('rollback');
    reader.release();
    expect((await run()).deadLetterDays).toBe(1);
  });
});

describe('bodies of webhooks', () => {
  async function receive(provider: 'stripe' | 'retell', body: object | Buffer | undefined): Promise<string> {
    const result = await bench.receive(provider, body ?? {});
    if (result.kind === 'rejected') throw new Error(result.cause);
    return result.webhookId;
  }
  const payment = (key: string, totalMinor = 100) =>
    stripeSample('payment_intent.succeeded', { key, customerId: 'cus_bench', totalMinor });
  const age = (id: string, days: number) =>
    sql(`update hookledger.webhooks set received_at = received_at - make_interval(days => $2) where id = $1`, [
      id,
      days,
    ]);
  const bodyOf = async (id: string) =>
    (
      await sql(
        `select octet_length(body) as bytes, headers = '{}' as "hasNoHeaders", url, body_erased_at is not null as erased
         from hookledger.webhooks where id = $1`,
        [id],
      )
    )[0];
  const isErased = async (id: string) => (await bodyOf(id))?.['erased'];

  test('are kept for ever where nothing is set', async () => {
    const id = await receive('stripe', payment('for_ever'));
    await age(id, 4_000);
    expect((await run()).webhookBodies).toBe(0);
    expect(await isErased(id)).toBe(false);
  });

  test('are erased with headers and query when they are old enough, and whoever looks is told when', async () => {
    const [old, young] = [await receive('stripe', payment('old')), await receive('stripe', payment('young'))];
    await age(old, 91);
    await age(young, 89);
    await sql(`update hookledger.webhooks set url = url || '?From=%2B43' where id = $1`, [old]);
    const { webhookBodies } = await preview({ webhookBodyDays: 90 });
    expect(await isErased(old)).toBe(false);
    expect((await run({ webhookBodyDays: 90 })).webhookBodies).toBe(webhookBodies);
    expect(await isErased(young)).toBe(false);
    expect(await bodyOf(old)).toEqual({
      bytes: 0,
      hasNoHeaders: true,
      url: expect.not.stringContaining('?'),
      erased: true,
    });
    const told = async (id: string) =>
      withReadTransaction(database.pool, {}, async (tx) => {
        const story = await readWebhookStory(tx, id);
        return story && storyJson(story)['request'];
      });
    const request = await told(old);
    expect(request).toMatchObject({ body_bytes: 0, header_names: [], body_erased_at: expect.any(String) });
    expect(request).not.toHaveProperty('body_base64');
    expect(await told(young)).toMatchObject({ body_erased_at: null, body_base64: expect.any(String) });
    expect((await run({ webhookBodyDays: 90 })).webhookBodies).toBe(0);
    await age(young, 2);
    expect((await run({ webhookBodyDays: 90 })).webhookBodies).toBe(1);
  });

  test('that a person still has to look into stay until nobody has to', async () => {
    const unmapped = await receive('stripe', Buffer.from('{'));
    const quarantined = await receive('stripe', { ...payment('live'), livemode: true });
    const unassigned = await receive('retell', retellSample('call_ended'));
    const first = await receive('stripe', payment('twice', 100));
    const second = await receive('stripe', payment('twice', 200));
    const ids = [unmapped, quarantined, unassigned, first, second];
    const statuses = await sql('select status from hookledger.webhooks where id = any ($1) order by position', [ids]);
    expect(statuses.map(({ status }) => status)).toEqual([
      'unmapped',
      'quarantined',
      'unassigned',
      'accepted',
      'conflict',
    ]);
    for (const id of ids) await age(id, 400);
    expect((await preview({ webhookBodyDays: 90 })).webhookBodies).toBe(0);
    expect((await run({ webhookBodyDays: 90 })).webhookBodies).toBe(0);

    await resolveConflict(
      {
        pool: database.pool,
        clock: { now: () => new Date() },
        newId: uuidv7,
        normalise: createNormalise([stripe]),
      },
      { webhookId: second, keep: 'first', reason: 'test', by: 'ada' },
    );
    await sql(
      `update hookledger.streams s set tenant_id = $2 from hookledger.events e
       where e.webhook_id = $1 and s.stream_key = e.stream_key`,
      [unassigned, bench.tenantId],
    );
    expect((await preview({ webhookBodyDays: 90 })).webhookBodies).toBe(3);
    expect((await run({ webhookBodyDays: 90 })).webhookBodies).toBe(3);
    const left = [];
    for (const id of ids) left.push(await isErased(id));
    expect(left).toEqual([false, false, true, true, true]);
    expect(await sql('select from hookledger.held_bodies')).toEqual([]);
    const conflict = await withReadTransaction(database.pool, {}, (tx) =>
      readConflict(tx, second, { withBodies: true }),
    );
    expect(conflict?.second).toMatchObject({ body: null, bodyErasedAt: expect.any(Date) });
  });

  test('of a long time go in batches, past any number that are kept', async () => {
    for (let batch = 0; batch < 6; batch += 1) {
      await recordWebhooks(
        database.pool,
        Array.from({ length: 200 }, (_, n) =>
          webhookRecord({ key: `many_${batch}_${n}`, status: batch < 4 ? 'unmapped' : 'accepted' }),
        ),
      );
    }
    await sql(
      `update hookledger.webhooks set received_at = now() - interval '400 days' where provider_event_id like 'many%'`,
    );
    expect((await run({ webhookBodyDays: 90 })).webhookBodies).toBe(400);
    const counts = await sql(
      `select status, count(*)::integer as erased from hookledger.webhooks
       where provider_event_id like 'many%' and body_erased_at is not null group by status`,
    );
    expect(counts).toEqual([{ status: 'accepted', erased: 400 }]);
  });

  test('are for nobody to erase sooner than after a day', async () => {
    await expect(run({ webhookBodyDays: 0 })).rejects.toMatchObject({ code: '22023' });
    await expect(database.pool.query(`update hookledger.webhooks set body = ''`)).rejects.toMatchObject({
      code: '42501',
    });
  });
});

describe('the loop', () => {
  let stop: AbortController;
  beforeEach(() => {
    stop = new AbortController();
  });

  test('runs at once where it has the lease, logs what went, and gives the lease back', async () => {
    const ran = Promise.withResolvers<Record<string, unknown>>();
    const noting = createLogger({ level: 'info' }, { write: (line) => ran.resolve(JSON.parse(line)) });
    const deps = { pool: database.pool, days: DAYS };
    const one = createRetention({ ...deps, owner: 'one', logger: noting });
    const running = one.run(stop.signal);
    expect(await ran.promise).toMatchObject({ msg: 'retention ran', dropped: [], webhookBodies: 0 });
    const held = async () => (await sql(`select owner from hookledger.leases where name = 'retention'`))[0]?.['owner'];
    expect(await held()).toBe('one');
    stop.abort();
    await running;
    await one.close();
    expect(await held()).toBeNull();
  });

  test('stops between two steps, and a run of its own reports what there is', async () => {
    stop.abort();
    const { partitions } = await runRetention({ pool: database.pool, logger, days: DAYS }, stop.signal);
    expect(partitions).toEqual([]);
    const { tick } = createRetention({ pool: database.pool, logger, days: DAYS, owner: 'two' });
    expect((await tick()).partitions.map(({ state }) => state)).toEqual(['in-use', 'in-use', 'in-use']);
  });
});
