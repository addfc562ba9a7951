import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import type { App } from '../../src/app.ts';
import { APP_ROLES, createApp } from '../../src/app.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { APPLICATION_ROLE } from '../../src/platform/postgres.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { resolveEffect } from '../../src/workers/resolve-effect.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startOutsideServer } from '../support/outside-server.ts';
import type { OutsideServer } from '../support/outside-server.ts';

const logger = createLogger({ level: 'silent' });
const SECRET = 'whsec_outside';

let database: TestDatabase;
let outside: OutsideServer;
let app: App;
let path: string;

beforeAll(async () => {
  database = await createTestDatabase();
  outside = await startOutsideServer();
  const masterKey = randomBytes(32);
  const orm = createOrm(database.appUrl, { logger });
  ({ path } = await createSource(
    { orm, masterKey },
    { provider: 'stripe', account: 'acct_1', secrets: [SECRET], mode: 'test' },
  ));
  await orm.close(true);
  await prepareBullmqPostgres(database.adminUrl, { grantTo: APPLICATION_ROLE, queues: QUEUES });
  app = await createApp({
    roles: APP_ROLES,
    databaseUrl: database.appUrl,
    masterKey: masterKey.toString('base64'),
    host: '127.0.0.1',
    port: 0,
    mayMove: true,
    bodyLimitBytes: 1_000_000,
    logger,
    adapters: [outside.adapter('neither')],
    handlers: {
      'integration-tasks': (event) =>
        Promise.resolve({
          kind: 'done',
          calls: [{ step: 'record', adapter: 'outside', request: { invoice: event.externalId } }],
        }),
    },
  });
});
afterAll(async () => {
  await app.close();
  await outside.close();
  await database.drop();
});

async function payInvoice(): Promise<void> {
  const body = Buffer.from(JSON.stringify(stripeSample('invoice.paid', { key: randomUUID() })));
  const headers = signWebhook('stripe', body, SECRET, Date.now());
  const { status } = await fetch(`${app.url}${path}`, { method: 'POST', headers, body: new Uint8Array(body) });
  expect(status).toBe(202);
}

const jobs = async () =>
  (
    await database.adminPool.query(
      `select i.outcome, n.state, n.key from hookledger.inbox i
       join hookledger.intents n on n.position = i.position and n.queue = i.queue order by n.created_at`,
    )
  ).rows;

test('a paid invoice leads to one call outside; one without an answer waits for a decision, which ends its job', async () => {
  await payInvoice();
  await eventually(async () => expect(await jobs()).toMatchObject([{ outcome: 'done', state: 'done' }]));

  outside.script('lost-after');
  await payInvoice();
  await eventually(async () =>
    expect(await jobs()).toMatchObject([{ state: 'done' }, { outcome: 'dead', state: 'uncertain' }]),
  );
  const uncertain: { key: string } = (await jobs())[1];
  await resolveEffect(
    { pool: database.pool, clock: { now: () => new Date() }, newId: randomUUID },
    { effectId: uncertain.key, decision: 'done', reason: 'seen in their log', by: 'ada' },
  );
  await eventually(async () =>
    expect(await jobs()).toMatchObject([{ state: 'done' }, { outcome: 'done', state: 'done' }]),
  );
  expect(outside.keys().map((key) => outside.calls(key))).toEqual([1, 1]);
});
