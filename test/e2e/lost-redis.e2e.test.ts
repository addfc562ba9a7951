import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App, AppRole } from '../../src/app.ts';
import { createApp } from '../../src/app.ts';
import type { LocalRedis } from '../../src/dev/local-redis.ts';
import { startLocalRedis } from '../../src/dev/local-redis.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { APPLICATION_ROLE } from '../../src/platform/postgres.ts';
import type { Redis } from '../../src/platform/redis.ts';
import { createRedis } from '../../src/platform/redis.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { runCli, runCliForJson } from '../cli/spawn-cli.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithRedis } from '../support/redis.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { reportNotProven } from '../support/test-run.ts';

const logger = createLogger({ level: 'silent' });
const SECRET = 'whsec_lost';
const JOBS = 10;

describeWithRedis('a Redis that is lost', () => {
  const masterKey = randomBytes(32);
  const apps: App[] = [];
  let database: TestDatabase;
  let directory: ReturnType<typeof createTemporaryDirectory>;
  let redis: LocalRedis | undefined;
  let path: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    await prepareBullmqPostgres(database.adminUrl, { grantTo: APPLICATION_ROLE, queues: QUEUES });
    const orm = createOrm(database.appUrl, { logger });
    const source = { provider: 'stripe', account: 'acct_1', secrets: [SECRET], mode: 'test' as const };
    ({ path } = await createSource({ orm, masterKey }, source));
    await orm.close(true);
    directory = createTemporaryDirectory();
    redis = await startLocalRedis({ dataDir: directory.path, logger });
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await redis?.stop();
    directory.remove();
    await database.drop();
  });

  async function start(redisUrl: string, roles: readonly AppRole[]): Promise<App> {
    const app = await createApp({
      roles,
      databaseUrl: database.appUrl,
      redisUrl,
      masterKey: masterKey.toString('base64'),
      host: '127.0.0.1',
      port: 0,
      mayMove: true,
      bodyLimitBytes: 1_000_000,
      logger,
    });
    apps.push(app);
    return app;
  }

  /** Failed payments, each of which leads to one notification through three queues. */
  async function post(app: App, count: number): Promise<void> {
    for (let posted = 0; posted < count; posted += 1) {
      const sample = stripeSample('payment_intent.payment_failed', { key: randomUUID().replaceAll('-', '') });
      const body = Buffer.from(JSON.stringify(sample));
      const headers = signWebhook('stripe', body, SECRET, Date.now());
      const response = await fetch(`${app.url}${path}`, { method: 'POST', headers, body: new Uint8Array(body) });
      expect(response.status).toBe(202);
    }
  }

  async function count(sql: string): Promise<number> {
    const { rows } = await database.adminPool.query<{ count: string }>(sql);
    return Number(rows[0]?.count);
  }

  const published = () =>
    count(`select count(*) from hookledger.outbox o join hookledger.lanes l using (tenant_id, queue)
      where o.queue = 'ingress-events' and o.position <= l.published_position`);

  /** Every webhook has led to its notification, and no job had effect twice. */
  async function expectAllDone(webhooks: number): Promise<void> {
    await eventually(async () => expect(await count('select count(*) from hookledger.notifications')).toBe(webhooks));
    await eventually(async () =>
      expect(
        await count(`select count(*) from hookledger.outbox o where not exists (
          select from hookledger.inbox i
          where i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id)`),
      ).toBe(0),
    );
    expect(await count(`select count(*) from hookledger.inbox where outcome <> 'done'`)).toBe(0);
    expect(await count(`select count(*) from hookledger.events where type = 'NotificationRequested'`)).toBe(webhooks);
    const attempts = await count(`select count(*) from hookledger.job_attempts where outcome = 'done'`);
    expect(attempts).toBe(await count('select count(*) from hookledger.inbox'));
    expect(await count('select count(*) from hookledger.dead_letters')).toBe(0);
  }

  async function withClient<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
    const client = createRedis({ url, purpose: 'producer', connectionName: 'test', logger });
    try {
      return await use(client);
    } finally {
      await client.quit();
    }
  }

  test('because it was wiped: what it held is published again by itself, and handled once', async () => {
    if (redis === undefined) return reportNotProven('a wiped Redis (no redis-server here)');
    const { url } = redis;
    const app = await start(url, ['api', 'relay']);
    await withClient(url, (client) => eventually(async () => expect(await client.exists('hookledger:canary')).toBe(1)));
    await post(app, JOBS);
    await eventually(async () => expect(await published()).toBe(JOBS));
    await withClient(url, (client) => client.flushall());
    await eventually(async () =>
      expect(await count(`select count(*) from hookledger.outbox where generation = 1`)).toBeGreaterThanOrEqual(JOBS),
    );
    await start(url, ['worker', 'projector']);
    await expectAllDone(JOBS);
    expect(await count(`select count(*) from hookledger.outbox where generation > 1`)).toBe(0);
  });

  test('because it died: an operator switches to PostgreSQL, and back when it lives; nothing lost, nothing doubled', async () => {
    if (redis === undefined) return reportNotProven('switching the transport (no redis-server here)');
    const { url } = redis;
    const env = { DATABASE_URL: database.appUrl, REDIS_URL: url, HOOKLEDGER_DATA_DIR: directory.path };
    const use = (to: string) =>
      runCliForJson(['relay', 'transport', 'use', to, '--reason', 'Redis died', '--by', 'ada', '--yes'], env);
    const app = await start(url, ['api', 'relay']);
    await post(app, JOBS);
    await eventually(async () => expect(await published()).toBe(JOBS));

    process.kill(Number(readFileSync(join(directory.path, 'redis', 'redis.pid'), 'utf8')), 'SIGKILL');
    await post(app, JOBS);
    expect(await runCli(['relay', 'transport', '--json'], env)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('"redis": false'),
    });
    expect(await use('postgres')).toEqual({ switched: true, in_force: 'postgres', epoch: '1' });
    await start(url, ['worker', 'projector']);
    await expectAllDone(2 * JOBS);
    expect(await count(`select count(*) from hookledger.job_attempts where transport <> 'bullmq-postgres'`)).toBe(0);
    expect(await runCli(['relay', 'transport', 'use', 'redis', '--reason', 'x', '--yes'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('transport_unavailable'),
    });

    redis = await eventually(() => startLocalRedis({ dataDir: directory.path, logger }));
    expect(redis?.url).toBe(url);
    expect(await use('redis')).toEqual({ switched: true, in_force: 'redis', epoch: '2' });
    expect(await use('redis')).toEqual({ switched: false, in_force: 'redis', epoch: '2' });
    await post(app, JOBS);
    await expectAllDone(3 * JOBS);
    expect(
      await count(`select count(*) from hookledger.job_attempts where transport = 'bullmq-redis'`),
    ).toBeGreaterThanOrEqual(JOBS);

    // What it held when it died is worked off as well, and changes nothing.
    const transport = createBullmqTransport({ backend: { kind: 'redis', url }, logger });
    const idle = { waiting: 0, active: 0, delayed: 0 };
    for (const queue of QUEUES) await eventually(async () => expect(await transport.depth(queue)).toEqual(idle));
    await transport.close();
    await expectAllDone(3 * JOBS);
    expect(await runCliForJson(['relay', 'reconcile', '--dry-run'], env)).toMatchObject({ republished: {} });
    expect(await runCliForJson(['relay', 'transport', 'show'], env)).toMatchObject({
      in_force: 'redis',
      transports: { redis: true, postgres: true },
      switches: [
        { transport: 'redis', by: 'ada', reason: 'Redis died' },
        { transport: 'postgres', by: 'ada' },
      ],
    });
  });
});
