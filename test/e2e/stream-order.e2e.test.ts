import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import type { App } from '../../src/app.ts';
import { APP_ROLES, createApp } from '../../src/app.ts';
import { findAlarms } from '../../src/alarms/find-alarms.ts';
import { readReadings } from '../../src/alarms/read-readings.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { APPLICATION_ROLE } from '../../src/platform/postgres.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { redriveDeadLetters } from '../../src/workers/dead-letters/redrive-dead-letters.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

const logger = createLogger({ level: 'silent' });
const SECRET = 'whsec_order';

let database: TestDatabase;
let app: App;
let path: string;
let isMended = false;
const handled: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
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
    handlers: {
      'ingress-events': {
        order: 'stream',
        onDead: 'hold',
        async handler(event) {
          if (event.type === 'PaymentFailed' && !isMended) return { kind: 'dead', reason: 'not yet mended' };
          handled.push(event.type);
          return { kind: 'done' };
        },
      },
    },
  });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

async function send(type: string): Promise<void> {
  const body = Buffer.from(JSON.stringify(stripeSample(type, { key: 'one payment' })));
  const headers = signWebhook('stripe', body, SECRET, Date.now());
  const { status } = await fetch(`${app.url}${path}`, { method: 'POST', headers, body: new Uint8Array(body) });
  expect(status).toBe(202);
}

async function heldStreams(): Promise<readonly string[]> {
  const { readings } = await readReadings(database.pool);
  return findAlarms(readings, []).flatMap(({ name, text }) => (name === 'streams-held' ? [text] : []));
}

test('a caller’s handler may ask for order and hold its stream at a dead job, which is an alarm until it is redriven', async () => {
  await send('payment_intent.payment_failed');
  await send('payment_intent.succeeded');
  await eventually(async () =>
    expect(await heldStreams()).toEqual([expect.stringMatching(/^On ingress-events dead jobs hold 1 streams/)]),
  );
  expect(handled).toEqual([]);

  isMended = true;
  await redriveDeadLetters(
    { pool: database.pool, clock: { now: () => new Date() }, newId: randomUUID },
    { filter: {}, by: 'ada', reason: 'mended' },
  );
  await eventually(() => Promise.resolve(expect(handled).toEqual(['PaymentFailed', 'PaymentSucceeded'])));
  await eventually(async () => expect(await heldStreams()).toEqual([]));
});
