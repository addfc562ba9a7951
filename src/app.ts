import { randomUUID } from 'node:crypto';
import type { Queue } from './domain/queues.ts';
import { QUEUES } from './domain/queues.ts';
import { createHighWaterMarkTracker } from './event-store/high-water-mark.ts';
import { keepPartitionsAhead } from './event-store/keep-partitions-ahead.ts';
import { verifyHighWaterMark } from './event-store/verify-high-water-mark.ts';
import { createConsoleRouter } from './http/console/console-router.ts';
import { createRequireRole } from './http/auth.ts';
import { listen } from './http/listen.ts';
import { createServer } from './http/server.ts';
import { createV1Router } from './http/v1/v1-router.ts';
import { createIngestWebhook } from './ingest/ingest-webhook.ts';
import { createNormalise } from './ingest/normalise.ts';
import type { Provider } from './ingest/provider.ts';
import { custom } from './ingest/providers/custom.ts';
import { gohighlevel } from './ingest/providers/gohighlevel.ts';
import { retell } from './ingest/providers/retell.ts';
import { standardWebhooks } from './ingest/providers/standard-webhooks.ts';
import { stripe } from './ingest/providers/stripe.ts';
import { twilio } from './ingest/providers/twilio.ts';
import { createRejectionLog } from './ingest/rejection-log.ts';
import { createWebhookRecorder } from './ingest/webhook-recorder.ts';
import { systemClock } from './platform/clock.ts';
import { uuidv7 } from './platform/ids.ts';
import type { Logger } from './platform/logger.ts';
import { pendingMigrations } from './platform/migrate.ts';
import type { Pool } from './platform/postgres.ts';
import { APPLICATION_ROLE, createPool, withTransaction } from './platform/postgres.ts';
import type { Closable } from './platform/shutdown.ts';
import { closeInOrder } from './platform/shutdown.ts';
import { readCheckpoint } from './projections/checkpoint.ts';
import { callsProjection } from './projections/calls-projection.ts';
import { invoicesProjection } from './projections/invoices-projection.ts';
import { paymentsProjection } from './projections/payments-projection.ts';
import { createProjectionRunner } from './projections/run-projection.ts';
import { usageProjection } from './projections/usage-projection.ts';
import { createOutboxRelay } from './relay/outbox-relay.ts';
import { createAuthenticator } from './tenants/authenticator.ts';
import type { Orm } from './tenants/orm.ts';
import { createOrm } from './tenants/orm.ts';
import { createSourceCatalogue } from './tenants/source-catalogue.ts';
import { createTenantResolver } from './tenants/tenant-resolver.ts';
import { createBullmqTransport } from './transports/bullmq.ts';
import { createAnalyticsHandler } from './workers/handle-analytics.ts';
import { handleIngress } from './workers/handle-ingress.ts';
import { handleNotification } from './workers/handle-notification.ts';
import { handleRecorded } from './workers/handle-recorded.ts';
import type { Handler } from './workers/handler.ts';
import { createJobStore } from './workers/job-store.ts';
import { runWorker } from './workers/run-worker.ts';

export const APP_ROLES = ['api', 'relay', 'worker', 'projector'] as const;
export type AppRole = (typeof APP_ROLES)[number];

export type AppSettings = Readonly<{
  roles: readonly AppRole[];
  /** As whoever logs in; the application takes the rights of `hookledger_app` at connecting. */
  databaseUrl: string;
  /** Redis for the queues; without it they are in PostgreSQL, prepared by `prepareBullmqPostgres`. */
  redisUrl?: string;
  /** 32 bytes in base64. */
  masterKey: string;
  host: string;
  port: number;
  /** Whether a taken port moves on to the next one. */
  mayMove: boolean;
  bodyLimitBytes: number;
  logger: Logger;
}>;

export type App = Readonly<{
  /** Where this process answers: `/healthz` and `/readyz`, and with the role `api` everything else, too. */
  url: string;
  /** Called after each move of the read models with the position that all of them have reached. */
  onProjected(listener: (position: bigint, at: Date) => void): () => void;
  /** Stops taking work, finishes what is under way within the deadline, gives everything back. Safe to repeat. */
  close(): Promise<void>;
}>;

class SchemaMismatchError extends Error {
  override readonly name = 'SchemaMismatchError';
  readonly code = 'schema_mismatch';
}

const PROJECTIONS = [usageProjection, paymentsProjection, invoicesProjection, callsProjection] as const;
export const PROVIDERS: readonly Provider[] = [stripe, retell, gohighlevel, twilio, standardWebhooks, custom];
const SCOPE = { tenant: '*' };
const CLOSE_DEADLINE_MS = 25_000;
/** Jobs that run at once share their round trips: many cost little more than few. */
const WORKER_CONCURRENCY = 50;

/** Builds everything once and starts the roles asked for. Nothing else in the code builds a pool or a loop. */
export async function createApp(settings: AppSettings): Promise<App> {
  const { logger, databaseUrl } = settings;
  await assertSchema(databaseUrl);
  const has = (role: AppRole): boolean => settings.roles.includes(role);
  const owner = `${process.pid}-${randomUUID()}`;
  const stop = new AbortController();
  const loops: Promise<void>[] = [];
  /** Closed in this order. */
  const closables: Closable[] = [];

  const pool = (name: string, max: number, statementTimeoutMs: number, byIndex = false): Pool =>
    createPool({
      url: databaseUrl,
      role: APPLICATION_ROLE,
      applicationName: `hookledger ${name}`,
      max,
      statementTimeoutMs,
      idleInTransactionTimeoutMs: 2_000,
      byIndex,
      logger,
    });
  const pools = {
    ingest: pool('ingest', 4, 5_000),
    work: pool('work', 24, 30_000, true),
    query: pool('query', 8, 20_000),
  };
  const orm = createOrm(databaseUrl, { role: APPLICATION_ROLE, logger });
  const transport = createBullmqTransport({
    backend:
      settings.redisUrl === undefined
        ? { kind: 'postgres', url: databaseUrl, role: APPLICATION_ROLE }
        : { kind: 'redis', url: settings.redisUrl },
    logger,
  });
  await withTransaction(pools.work, SCOPE, verifyHighWaterMark);

  const projections = PROJECTIONS.map((projection) =>
    createProjectionRunner({ pool: pools.work, projection, logger, clock: systemClock, batchSize: 500 }),
  );
  const relay = createOutboxRelay({ pool: pools.work, transport, queues: QUEUES, logger, owner });
  const tracker = createHighWaterMarkTracker({
    pool: pools.work,
    logger,
    owner,
    onMoved: () => {
      relay.wake();
      for (const projection of projections) projection.wake();
    },
  });

  const api = has('api') ? buildApi({ settings, pools, orm, onRecorded: tracker.wake }) : undefined;
  const server = createServer({
    ...(api === undefined ? {} : { api }),
    readiness: async () => ({ database: await answers(pools.query) }),
    logger,
  });
  const listening = await listen(server, { ...settings, logger });
  closables.push({ name: 'http', close: () => listening.close(10_000) });
  if (api !== undefined) closables.push({ name: 'rejections', close: api.webhooks.rejections.close });
  if (has('relay') || has('projector')) {
    loops.push(tracker.run(stop.signal), keepPartitionsAhead(pools.work, logger, stop.signal));
  }
  if (has('relay')) loops.push(relay.run(stop.signal));
  if (has('projector')) loops.push(...projections.map((projection) => projection.run(stop.signal)));

  const projected = createProjectedPosition(pools.work);
  if (has('worker')) {
    const handlers = handlersOf({
      position: projected,
      wake: () => projections.forEach((projection) => projection.wake()),
    });
    const store = createJobStore({ pool: pools.work });
    const consumers = await Promise.all(
      QUEUES.map((queue) =>
        runWorker({
          pool: pools.work,
          store,
          transport,
          queue,
          handler: handlers[queue],
          concurrency: WORKER_CONCURRENCY,
          logger,
          now: systemClock.now,
          random: Math.random,
          newId: uuidv7,
          onAppended: tracker.wake,
        }),
      ),
    );
    closables.push(
      ...consumers.map((consumer, index) => ({ name: `worker ${QUEUES[index]}`, close: () => consumer.close(10_000) })),
    );
  }

  closables.push(
    { name: 'loops', close: () => (stop.abort(), Promise.all(loops).then(() => undefined)) },
    { name: 'relay', close: relay.close },
    { name: 'high-water mark', close: tracker.close },
    { name: 'transport', close: transport.close },
    { name: 'administration', close: () => orm.close(true) },
    ...Object.entries(pools).map(([name, each]) => ({ name: `pool ${name}`, close: () => each.end() })),
  );
  let closing: Promise<void> | undefined;
  return {
    url: listening.url,
    onProjected(listener) {
      const reached = projections.map(() => 0n);
      const ends = projections.map((projection, index) =>
        projection.onMoved((position, at) => {
          reached[index] = position;
          listener(
            reached.reduce((a, b) => (a < b ? a : b)),
            at,
          );
        }),
      );
      return () => ends.forEach((end) => end());
    },
    close: () => (closing ??= closeInOrder(closables, { deadlineMs: CLOSE_DEADLINE_MS, logger }).then(() => undefined)),
  };
}

type Pools = Readonly<Record<'ingest' | 'work' | 'query', Pool>>;

/** What the role `api` answers with. */
function buildApi(deps: { settings: AppSettings; pools: Pools; orm: Orm; onRecorded: () => void }) {
  const { settings, pools, orm, onRecorded } = deps;
  const { logger, bodyLimitBytes } = settings;
  const clock = systemClock;
  const masterKey = Buffer.from(settings.masterKey, 'base64');
  const rejections = createRejectionLog({ pool: pools.ingest, logger });
  const ingestWebhook = createIngestWebhook({
    providers: PROVIDERS,
    sources: createSourceCatalogue({ pool: pools.ingest, masterKey, clock }),
    tenants: createTenantResolver({ pool: pools.ingest, clock }),
    recorder: createWebhookRecorder({ pool: pools.ingest, logger, onRecorded }),
    rejections,
    clock,
    newId: uuidv7,
    logger,
  });
  const requireRole = createRequireRole({ authenticate: createAuthenticator({ orm, clock }) });
  return {
    webhooks: { ingestWebhook, rejections, bodyLimitBytes, unavailableStatus, clock, logger },
    v1Router: createV1Router({ pool: pools.query, requireRole, clock }),
    consoleRouter: createConsoleRouter({
      pool: pools.query,
      orm,
      clock,
      newId: uuidv7,
      normalise: createNormalise(PROVIDERS),
      onAppended: onRecorded,
      providers: PROVIDERS.map(({ name }) => name),
    }),
  };
}

function unavailableStatus(name: string): 429 | 503 {
  return PROVIDERS.find((provider) => provider.name === name)?.unavailableStatus ?? 503;
}

async function assertSchema(databaseUrl: string): Promise<void> {
  const pending = await pendingMigrations(databaseUrl);
  if (pending.length === 0) return;
  throw new SchemaMismatchError(
    `The database lacks ${pending.length} migrations, from ${pending[0]} on. Run: hookledger migrate`,
  );
}

function handlersOf(projector: Parameters<typeof createAnalyticsHandler>[0]): Readonly<Record<Queue, Handler>> {
  return {
    'ingress-events': handleIngress,
    'orchestration-flows': handleRecorded,
    'integration-tasks': handleRecorded,
    notifications: handleNotification,
    'analytics-events': createAnalyticsHandler(projector),
  };
}

/** The position that every active read model has reached; many doorbells within a moment share one look-up. */
function createProjectedPosition(pool: Pool): () => Promise<bigint> {
  const FRESH_MS = 50;
  let readAt = 0;
  let reading: Promise<bigint> = Promise.resolve(0n);
  return () => {
    if (Date.now() - readAt >= FRESH_MS) {
      readAt = Date.now();
      reading = withTransaction(pool, SCOPE, async (tx) => {
        const positions: bigint[] = [];
        for (const { name, version } of PROJECTIONS) positions.push(await readCheckpoint(tx, name, version));
        return positions.reduce((a, b) => (a < b ? a : b));
      });
    }
    return reading;
  };
}

async function answers(pool: Pool): Promise<boolean> {
  try {
    await pool.query('select 1');
    return true;
  } catch {
    // Readiness is exactly this answer; the pool has logged the cause.
    return false;
  }
}
