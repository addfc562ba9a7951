/** One contestant of the ingest bench, in a process of its own: prints its URL, then serves until it is told to end. */
import { createServer as createHttpServer } from 'node:http';
import express, { Router } from 'express';
import pg from 'pg';
import { Queue } from 'bullmq';
import { createOpenRequests } from '../../src/http/open-requests.ts';
import { createServer } from '../../src/http/server.ts';
import { listen } from '../../src/http/listen.ts';
import { createIngestWebhook } from '../../src/ingest/ingest-webhook.ts';
import { retell } from '../../src/ingest/providers/retell.ts';
import { createRejectionLog } from '../../src/ingest/rejection-log.ts';
import type { WebhookRecorder } from '../../src/ingest/webhook-recorder.ts';
import { createWebhookRecorder } from '../../src/ingest/webhook-recorder.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { createPool } from '../../src/platform/postgres.ts';
import { createSourceCatalogue } from '../../src/tenants/source-catalogue.ts';
import type { Source } from '../../src/tenants/source.ts';
import { createTenantResolver } from '../../src/tenants/tenant-resolver.ts';
import { importPeer } from './import-peer.ts';

export type IngestKind = 'hookledger' | 'limit' | 'one-transaction' | 'queue-add' | 'pg-boss' | 'graphile-worker';

export type IngestServerPlan = Readonly<{
  kind: IngestKind;
  appUrl: string;
  adminUrl: string;
  redisUrl: string;
  masterKey: string;
  secret: string;
}>;

const plan = JSON.parse(process.argv[2] ?? '{}') as IngestServerPlan;
const logger = createLogger({ level: 'warn' });

const server =
  plan.kind === 'hookledger' || plan.kind === 'limit' || plan.kind === 'one-transaction'
    ? createOwnServer(plan.kind)
    : createHttpServer(await createPeerApp(plan.kind));
const { url } = await listen(server, { host: '127.0.0.1', port: 0, mayMove: true, logger });
process.stdout.write(`${url}\n`);
process.once('SIGTERM', () => process.exit(0));

function newPool(max: number): Pool {
  const options = { applicationName: 'bench', statementTimeoutMs: 30_000, idleInTransactionTimeoutMs: 5_000, logger };
  return createPool({ ...options, url: plan.appUrl, max });
}

/** The product's own route; only what records the webhook differs. */
function createOwnServer(kind: 'hookledger' | 'limit' | 'one-transaction') {
  const pool = newPool(kind === 'one-transaction' ? 20 : 4);
  const rejections = createRejectionLog({ pool, logger });
  const ingestWebhook = createIngestWebhook({
    providers: [retell],
    sources: createSourceCatalogue({ pool, masterKey: Buffer.from(plan.masterKey, 'base64'), clock: systemClock }),
    tenants: createTenantResolver({ pool, clock: systemClock }),
    recorder: createRecorder(kind, pool),
    rejections,
    clock: systemClock,
    newId: uuidv7,
    logger,
  });
  const metrics = createMetrics({ providers: ['retell'] });
  return createServer({
    api: {
      webhooks: {
        ingestWebhook,
        rejections,
        bodyLimitBytes: 1_000_000,
        unavailableStatus: () => 503,
        clock: systemClock,
        logger,
      },
      v1Router: Router(),
      consoleRouter: Router(),
    },
    readiness: () => Promise.resolve({}),
    metrics: { ...metrics, contentType: metrics.registry.contentType, render: () => metrics.registry.metrics() },
    openRequests: createOpenRequests({ metrics }),
    logger,
  });
}

function createRecorder(kind: 'hookledger' | 'limit' | 'one-transaction', pool: Pool): WebhookRecorder {
  switch (kind) {
    case 'hookledger':
      return createWebhookRecorder({ pool, logger, onRecorded: () => undefined });
    case 'limit':
      return { record: ({ id }) => Promise.resolve({ outcome: 'accepted', webhookId: id }) };
    case 'one-transaction':
      return {
        async record(webhook) {
          const [recorded] = await recordWebhooks(pool, [webhook]);
          if (recorded === undefined) throw new Error('no answer');
          return recorded;
        },
      };
  }
}

/** What people write today: verify the signature, hand the body to a queue, answer. */
async function createPeerApp(kind: 'queue-add' | 'pg-boss' | 'graphile-worker') {
  const enqueue = await createEnqueue(kind);
  const source: Source = {
    id: 's',
    provider: 'retell',
    account: 'org_1',
    mode: 'test',
    books: 'platform',
    secrets: [plan.secret],
    settings: {},
  };
  const app = express();
  app.use(express.raw({ type: () => true, limit: '1mb' }));
  app.post(/.*/, async (request, response) => {
    const body: unknown = request.body;
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const headers = { 'x-retell-signature': [request.get('x-retell-signature') ?? ''] };
    const incoming = { method: 'POST', url: request.url, headers, body: bytes, receivedAt: new Date() };
    if (!retell.verify(incoming, source, new Date()).verified) {
      response.status(401).end();
      return;
    }
    await enqueue(bytes.toString('utf8'));
    response.status(202).json({ status: 'accepted' });
  });
  return app;
}

async function createEnqueue(
  kind: 'queue-add' | 'pg-boss' | 'graphile-worker',
): Promise<(body: string) => Promise<unknown>> {
  const callId = (body: string): string => /"call_id":"([^"]+)"/.exec(body)?.[1] ?? '';
  if (kind === 'queue-add') {
    const queue = new Queue('bench-webhooks', { connection: { url: plan.redisUrl } });
    return (body) => queue.add('webhook', JSON.parse(body), { jobId: callId(body), removeOnComplete: true });
  }
  const pool = new pg.Pool({ connectionString: plan.adminUrl, max: 20 });
  await pool.query('create table if not exists user_webhooks (id text primary key, body jsonb not null)');
  const inTransaction = async (body: string, add: (client: pg.PoolClient, data: object) => Promise<unknown>) => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query('insert into user_webhooks values ($1, $2)', [callId(body), body]);
      await add(client, { callId: callId(body) });
      await client.query('commit');
    } finally {
      client.release();
    }
  };
  if (kind === 'graphile-worker') {
    return (body) =>
      inTransaction(body, (client, data) =>
        client.query(`select graphile_worker.add_job('webhook', $1::json)`, [JSON.stringify(data)]),
      );
  }
  type Executor = { executeSql(text: string, values: unknown[]): Promise<{ rows: unknown[] }> };
  const { PgBoss } = await importPeer<{
    PgBoss: new (url: string) => {
      on(event: string, listener: () => void): void;
      start(): Promise<unknown>;
      createQueue(name: string): Promise<void>;
      send(name: string, data: object, options: { db: Executor }): Promise<unknown>;
    };
  }>('pg-boss');
  const boss = new PgBoss(plan.adminUrl);
  boss.on('error', () => undefined);
  await boss.start();
  await boss.createQueue('webhooks');
  return (body) =>
    inTransaction(body, (client, data) =>
      boss.send('webhooks', data, { db: { executeSql: (text, values) => client.query(text, values) } }),
    );
}
