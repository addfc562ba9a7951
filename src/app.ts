import { randomUUID } from 'node:crypto';
import { createAlarmGauges } from './alarms/alarm-gauges.ts';
import { createAlarmReader } from './alarms/alarm-reader.ts';
import type { OutboundAdapter } from './adapters/adapter.ts';
import type { Queue } from './domain/queues.ts';
import { QUEUES } from './domain/queues.ts';
import { createHighWaterMarkTracker } from './event-store/high-water-mark.ts';
import { keepPartitionsAhead } from './event-store/keep-partitions-ahead.ts';
import type { RetentionDays } from './event-store/retention.ts';
import { createRetention } from './event-store/retention.ts';
import { verifyHighWaterMark } from './event-store/verify-high-water-mark.ts';
import { createConsoleRouter } from './http/console/console-router.ts';
import { createRequireRole } from './http/auth.ts';
import { listen } from './http/listen.ts';
import { createOpenRequests } from './http/open-requests.ts';
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
import type { Metrics } from './platform/metrics.ts';
import { createMetrics } from './platform/metrics.ts';
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
import { followTransports } from './relay/follow-transports.ts';
import { createOutboxRelay } from './relay/outbox-relay.ts';
import { createReconcileRunner } from './relay/run-reconcile.ts';
import { createTransportsInUse } from './relay/transports-in-use.ts';
import type { ConfiguredTransports, TransportsInUse } from './relay/transports-in-use.ts';
import { createAuthenticator } from './tenants/authenticator.ts';
import type { Orm } from './tenants/orm.ts';
import { createOrm } from './tenants/orm.ts';
import { createSourceCatalogue } from './tenants/source-catalogue.ts';
import { createTenantResolver } from './tenants/tenant-resolver.ts';
import { createBullmqTransport } from './transports/bullmq.ts';
import { reportCutJobs } from './transports/report-cut-jobs.ts';
import type { Transport } from './transports/transport.ts';
import { createTimerFirer } from './workers/fire-timers.ts';
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
  /** Without it, nothing that is old goes. */
  retention?: RetentionDays;
  /** Targets outside that handlers may call. */
  adapters?: readonly OutboundAdapter[];
  /** Instead of the product's own. */
  handlers?: Readonly<Partial<Record<Queue, Handler>>>;
  /** How long `close` waits for what is under way; 25 seconds when left out. */
  shutdownMs?: number;
  logger: Logger;
}>;

export type App = Readonly<{
  /** Where this process answers: `/healthz`, `/readyz`, `/metrics`, and with the role `api` everything else, too. */
  url: string;
  /** Called after each move of the read models with the position that all of them have reached. */
  onProjected(listener: (position: bigint, at: Date) => void): () => void;
  /**
   * Stops taking work, finishes what is under way within the deadline, gives everything back. Answers whether nothing
   * had to be cut off; what was is in the log. Safe to repeat.
   */
  close(): Promise<boolean>;
}>;

class SchemaMismatchError extends Error {
  override readonly name = 'SchemaMismatchError';
  readonly code = 'schema_mismatch';
}

const PROJECTIONS = [usageProjection, paymentsProjection, invoicesProjection, callsProjection] as const;
export const PROVIDERS: readonly Provider[] = [stripe, retell, gohighlevel, twilio, standardWebhooks, custom];
const SCOPE = { tenant: '*' };
const SHUTDOWN_MS = 25_000;
/** Of the time that is left then: so much for requests under way, and so much for jobs; the rest closes connections. */
const SHARE_OF_REQUESTS = 0.4;
const SHARE_OF_JOBS = 0.6;
/** Jobs that run at once share their round trips: many cost little more than few. */
const WORKER_CONCURRENCY = 50;

/** A call has two thirds of it, which is more than an HTTP adapter waits. */
const CALL_LEASE_MS = 60_000;

/** Builds everything once and starts the roles asked for. Nothing else in the code builds a pool or a loop. */
export async function createApp(settings: AppSettings): Promise<App> {
  const { logger, databaseUrl } = settings;
  await assertSchema(databaseUrl);
  const has = (role: AppRole): boolean => settings.roles.includes(role);
  const owner = `${process.pid}-${randomUUID()}`;
  const stop = new AbortController();
  const loops: Promise<void>[] = [];
  /** Closed in this order. */
  const closables: (Closable | readonly Closable[])[] = [];
  const metrics = createMetrics({ providers: PROVIDERS.map(({ name }) => name) });

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
  const configured = createTransports(settings);
  const transports = createTransportsInUse(configured);
  await withTransaction(pools.work, SCOPE, verifyHighWaterMark);

  const projections = PROJECTIONS.map((projection) =>
    createProjectionRunner({ pool: pools.work, projection, logger, clock: systemClock, batchSize: 500 }),
  );
  let consume: (inUse: TransportsInUse) => Promise<void> = () => Promise.resolve();
  const follower = await followTransports({
    pool: pools.work,
    logger,
    transports,
    onSwitched: async (inUse) => {
      relay.follow();
      reconcile.wake();
      await consume(inUse);
    },
  });
  const relay = createOutboxRelay({
    pool: pools.work,
    transport: follower.current().inForce,
    transports,
    queues: QUEUES,
    logger,
    owner,
    onPublished: (messages) => messages.forEach(({ message }) => metrics.published(message.queue, 1)),
  });
  const tracker = createHighWaterMarkTracker({
    pool: pools.work,
    logger,
    owner,
    onMoved: () => {
      relay.wake();
      for (const projection of projections) projection.wake();
    },
  });

  const reconcile = createReconcileRunner({
    pool: pools.work,
    logger,
    owner,
    transports,
    onAppended: tracker.wake,
  });
  const api = has('api') ? buildApi({ settings, pools, orm, metrics, onRecorded: tracker.wake }) : undefined;
  const openRequests = createOpenRequests({ metrics });
  const now = (): number => systemClock.now().getTime();
  // The other roles do without the transport, and must not need it to say how they are.
  const queues = has('relay') || has('worker') ? QUEUES : [];
  const transport = { depth: (queue: string) => follower.current().inForce.depth(queue) };
  const read = createAlarmReader({ pool: pools.query, transport, queues, now });
  const gauges = createAlarmGauges({ registry: metrics.registry, read, now, logger });
  const server = createServer({
    ...(api === undefined ? {} : { api }),
    readiness: async () => ({ database: await answers(pools.query) }),
    metrics: {
      webhookEnded: metrics.webhookEnded,
      contentType: metrics.registry.contentType,
      render: async () => (await gauges.refresh(), metrics.registry.metrics()),
    },
    openRequests,
    logger,
  });
  const listening = await listen(server, { ...settings, logger });
  closables.push({ name: 'requests', close: (leftMs) => openRequests.finish(leftMs * SHARE_OF_REQUESTS) });
  if (api !== undefined) closables.push({ name: 'rejections', close: api.webhooks.rejections.close });
  if (has('relay') || has('projector')) {
    loops.push(tracker.run(stop.signal), keepPartitionsAhead(pools.work, logger, stop.signal));
  }
  if (has('relay') && settings.retention !== undefined) {
    const retention = createRetention({ pool: pools.work, owner, logger, days: settings.retention });
    loops.push(retention.run(stop.signal).then(retention.close));
  }
  const stopRelay = new AbortController();
  const relaying = has('relay') ? [relay, reconcile] : [];
  const following = has('relay') || has('worker') ? [follower] : [];
  const relays = Promise.all([...relaying, ...following].map((each) => each.run(stopRelay.signal)));
  closables.push({
    name: 'relay',
    close: async () => {
      stopRelay.abort();
      await relays;
      await Promise.all([relay.close(), reconcile.close()]);
    },
  });
  if (has('projector')) loops.push(...projections.map((projection) => projection.run(stop.signal)));

  const projected = createProjectedPosition(pools.work);
  if (has('worker')) {
    const wake = (): void => projections.forEach((projection) => projection.wake());
    const handlers = { ...handlersOf({ position: projected, wake }), ...settings.handlers };
    const { adapters = [] } = settings;
    const calls = { pool: pools.work, adapters, owner, now: systemClock.now, leaseMs: CALL_LEASE_MS };
    const timers = createTimerFirer({ pool: pools.work, owner, logger, onAppended: tracker.wake });
    loops.push(timers.run(stop.signal).then(timers.close));
    const store = createJobStore({ pool: pools.work });
    const workers: Closable[] = [];
    closables.push(workers);
    const consumed = new Set<Transport>();
    const consumeOf = async (transport: Transport, queue: Queue): Promise<void> => {
      const consumer = await runWorker({
        pool: pools.work,
        store,
        transport: reportCutJobs(transport),
        queue,
        handler: handlers[queue],
        calls,
        concurrency: WORKER_CONCURRENCY,
        logger,
        now: systemClock.now,
        random: Math.random,
        newId: uuidv7,
        observer: metrics.jobs,
        onAppended: tracker.wake,
      });
      workers.push({
        name: `worker ${queue} on ${transport.name}`,
        close: (leftMs) => consumer.close(leftMs * SHARE_OF_JOBS),
      });
    };
    // What was published before a switch is worked off where it is.
    consume = async ({ inForce, former }) => {
      for (const each of [inForce, ...former]) {
        if (consumed.has(each)) continue;
        consumed.add(each);
        await Promise.all(QUEUES.map((queue) => consumeOf(each, queue)));
      }
    };
    await consume(follower.current());
  }

  closables.push(
    { name: 'loops', close: () => (stop.abort(), Promise.all(loops).then(() => undefined)) },
    { name: 'high-water mark', close: tracker.close },
    Object.values(configured.of).map((each) => ({ name: `transport ${each.name}`, close: each.close })),
    // Until here it says that it is stopping. What it still answers was reported as cut off.
    { name: 'http', close: () => listening.close(0) },
    [
      { name: 'administration', close: () => orm.close(true) },
      ...Object.entries(pools).map(([name, each]) => ({ name: `pool ${name}`, close: () => each.end() })),
    ],
  );
  let closing: Promise<boolean> | undefined;
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
    close: () => (closing ??= closeInOrder(closables, { deadlineMs: settings.shutdownMs ?? SHUTDOWN_MS, logger })),
  };
}

type Pools = Readonly<Record<'ingest' | 'work' | 'query', Pool>>;

/** PostgreSQL is there as the fallback of Redis, too: it connects when it is first used. */
function createTransports({ databaseUrl, redisUrl, logger }: AppSettings): ConfiguredTransports {
  const postgres = createBullmqTransport({
    backend: { kind: 'postgres', url: databaseUrl, role: APPLICATION_ROLE },
    logger,
  });
  if (redisUrl === undefined) return { standing: 'postgres', of: { postgres } };
  const redis = createBullmqTransport({ backend: { kind: 'redis', url: redisUrl }, logger });
  return { standing: 'redis', of: { redis, postgres } };
}

/** What the role `api` answers with. */
function buildApi(deps: { settings: AppSettings; pools: Pools; orm: Orm; metrics: Metrics; onRecorded: () => void }) {
  const { settings, pools, orm, metrics, onRecorded } = deps;
  const { logger, bodyLimitBytes } = settings;
  const clock = systemClock;
  const masterKey = Buffer.from(settings.masterKey, 'base64');
  const rejections = createRejectionLog({ pool: pools.ingest, logger });
  const ingestWebhook = createIngestWebhook({
    providers: PROVIDERS,
    sources: createSourceCatalogue({ pool: pools.ingest, masterKey, clock }),
    tenants: createTenantResolver({ pool: pools.ingest, clock }),
    recorder: createWebhookRecorder({ pool: pools.ingest, logger, onRecorded, onBatch: metrics.batchRecorded }),
    rejections,
    clock,
    newId: uuidv7,
    logger,
  });
  const requireRole = createRequireRole({ authenticate: createAuthenticator({ orm, clock }) });
  return {
    webhooks: { ingestWebhook, rejections, bodyLimitBytes, unavailableStatus, clock, logger },
    v1Router: createV1Router({ pool: pools.query, requireRole, clock, onAppended: onRecorded }),
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
  let readAt = -Infinity;
  let reading: Promise<bigint> = Promise.resolve(0n);
  return () => {
    if (performance.now() - readAt >= FRESH_MS) {
      readAt = performance.now();
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
