import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { App } from '../../src/app.ts';
import { APP_ROLES, createApp } from '../../src/app.ts';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { APPLICATION_ROLE } from '../../src/platform/postgres.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithRedis } from '../support/redis.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

const logger = createLogger({ level: 'silent' });
const SECRET = 'key_outage';

type Rig = Readonly<{
  database: TestDatabase;
  /** Stands between the application and what is to fail. */
  proxy: TcpProxy;
  post(call: string): Promise<Response>;
  count(sql: string): Promise<number>;
  close(): Promise<void>;
}>;

/** The whole application, with a proxy before its database or before its Redis. */
async function createRig(options: { redisUrl?: string }): Promise<Rig> {
  const database = await createTestDatabase();
  const masterKey = randomBytes(32);
  const orm = createOrm(database.appUrl, { logger });
  const { path } = await createSource(
    { orm, masterKey },
    { provider: 'retell', account: 'org_1', secrets: [SECRET], mode: 'test' },
  );
  await orm.close(true);
  if (options.redisUrl === undefined) {
    await prepareBullmqPostgres(database.adminUrl, { grantTo: APPLICATION_ROLE, queues: QUEUES });
  }
  const proxy = await createTcpProxy(options.redisUrl ?? database.appUrl);
  await proxy.start();
  const app: App = await createApp({
    roles: APP_ROLES,
    databaseUrl: options.redisUrl === undefined ? proxy.url : database.appUrl,
    ...(options.redisUrl === undefined ? {} : { redisUrl: proxy.url }),
    masterKey: masterKey.toString('base64'),
    host: '127.0.0.1',
    port: 0,
    mayMove: true,
    bodyLimitBytes: 1_000_000,
    logger,
  });
  return {
    database,
    proxy,
    post(call) {
      const body = Buffer.from(JSON.stringify(retellSample('chat_started', { key: call })));
      const headers = signWebhook('retell', body, SECRET, Date.now());
      return fetch(`${app.url}${path}`, { method: 'POST', headers, body: new Uint8Array(body) });
    },
    async count(sql) {
      const { rows } = await database.adminPool.query<{ count: string }>(sql);
      return Number(rows[0]?.count);
    },
    async close() {
      await app.close();
      await proxy.stop();
      await database.drop();
    },
  };
}

describe('with PostgreSQL gone', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await createRig({});
  });
  afterAll(() => rig.close());

  test('webhooks get 503 with Retry-After, nothing is half written, and it recovers by itself', async () => {
    expect((await rig.post('before')).status).toBe(202);
    await rig.proxy.stop();
    const refused = await Promise.all(['a', 'b', 'c'].map((call) => rig.post(call)));
    for (const response of refused) {
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    }
    expect(await rig.count('select count(*) from hookledger.webhooks')).toBe(1);
    expect(await rig.count('select count(*) from hookledger.dedupe')).toBe(1);
    await rig.proxy.start();
    await eventually(async () => expect((await rig.post('after')).status).toBe(202));
    // What the provider sends again is recorded, or was and is a duplicate; either way it is there once.
    for (const call of ['a', 'b', 'c']) expect((await rig.post(call)).status).toBe(202);
    expect(await rig.count('select count(*) from hookledger.webhooks')).toBe(5);
    await eventually(async () =>
      expect(await rig.count(`select count(*) from hookledger.inbox where outcome = 'done'`)).toBe(5),
    );
  });
});

describeWithRedis('with Redis gone', (redisUrl) => {
  let rig: Rig;
  beforeAll(async () => {
    const url = new URL(redisUrl);
    url.pathname = '/7';
    rig = await createRig({ redisUrl: url.href });
  });
  afterAll(() => rig.close());

  test('webhooks are recorded as if nothing were wrong, and their rows wait in the outbox', async () => {
    await rig.proxy.stop();
    for (const call of ['a', 'b', 'c']) expect((await rig.post(call)).status).toBe(202);
    expect(await rig.count('select count(*) from hookledger.outbox')).toBe(3);
    expect(await rig.count('select count(*) from hookledger.inbox')).toBe(0);
    // The read models need no queue.
    await eventually(async () =>
      expect(
        await rig.count(`select count(*) from hookledger.projection_checkpoints
          where position < (select max(position) from hookledger.events)`),
      ).toBe(0),
    );
    await rig.proxy.start();
    await eventually(async () =>
      expect(await rig.count(`select count(*) from hookledger.inbox where outcome = 'done'`)).toBe(3),
    );
  });
});
