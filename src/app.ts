import { randomUUID } from 'node:crypto';
import type { AppRole, AppSettings } from './app/app-settings.ts';
import { buildApi } from './app/build-api.ts';
import { createTransports } from './app/create-transports.ts';
import { createWorkers } from './app/create-workers.ts';
import { PROJECTIONS } from './projections/all-projections.ts';
import { PROVIDERS } from './app/providers.ts';
import { createAlarmGauges } from './alarms/alarm-gauges.ts';
import { createAlarmReader } from './alarms/alarm-reader.ts';
import { QUEUES } from './domain/queues.ts';
import { appendEvents } from './event-store/append-events.ts';
import { createHighWaterMarkTracker } from './event-store/high-water-mark.ts';
import { keepPartitionsAhead } from './event-store/keep-partitions-ahead.ts';
import { createRetention } from './event-store/retention.ts';
import { verifyHighWaterMark } from './event-store/verify-high-water-mark.ts';
import { createDecisionCompleter } from './finance/complete-decisions.ts';
import { listen } from './http/listen.ts';
import { createOpenRequests } from './http/open-requests.ts';
import { createServer } from './http/server.ts';
import { systemClock } from './platform/clock.ts';
import { uuidv7 } from './platform/ids.ts';
import { createMetrics } from './platform/metrics.ts';
import { pendingMigrations } from './platform/migrate.ts';
import type { Pool, PoolOptions } from './platform/postgres.ts';
import { APPLICATION_ROLE, createPool, withTransaction } from './platform/postgres.ts';
import type { Closable } from './platform/shutdown.ts';
import { closeInOrder } from './platform/shutdown.ts';
import { createVersionRunners } from './projections/run-versions.ts';
import { followTransports } from './relay/follow-transports.ts';
import { createOutboxRelay } from './relay/outbox-relay.ts';
import { createReconcileRunner } from './relay/run-reconcile.ts';
import { createTransportsInUse } from './relay/transports-in-use.ts';
import type { TransportsInUse } from './relay/transports-in-use.ts';
import { createOrm } from './tenants/orm.ts';
import { createTimerFirer } from './workers/fire-timers.ts';

export { APP_ROLES } from './app/app-settings.ts';
export { PROVIDERS } from './app/providers.ts';
export type { AppRole, AppSettings };

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

const SCOPE = { tenant: '*' };
const SHUTDOWN_MS = 25_000;
/**
 * Of the time that is left then, for whoever still comes, for whoever has come and not asked yet, and for requests under
 * way; the rest is for jobs.
 */
const SHARE_OF_DRAIN = 0.2;
const SHARE_OF_LATECOMERS = 0.1;
const SHARE_OF_REQUESTS = 0.4;

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

  const pool = (name: string, max: number, statementTimeoutMs: number, plans: Partial<PoolOptions> = {}): Pool =>
    createPool({
      ...plans,
      url: databaseUrl,
      role: APPLICATION_ROLE,
      applicationName: `hookledger ${name}`,
      max,
      statementTimeoutMs,
      idleInTransactionTimeoutMs: 2_000,
      logger,
    });
  const pools = {
    ingest: pool('ingest', 4, 5_000),
    work: pool('work', 24, 30_000, { byIndex: true }),
    query: pool('query', 8, 20_000, { plansForValues: true }),
  };
  const orm = createOrm(databaseUrl, { role: APPLICATION_ROLE, logger });
  const configured = createTransports(settings);
  const transports = createTransportsInUse(configured);
  await withTransaction(pools.work, SCOPE, verifyHighWaterMark);

  const projections = createVersionRunners({
    pool: pools.work,
    projections: settings.projections ?? PROJECTIONS,
    logger,
    clock: systemClock,
    batchSize: 500,
  });
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
    onMoved: (position) => {
      relay.wake();
      projections.wake(position);
    },
  });
  const onAppended = (): void => {
    tracker.wake();
    // They prove a mark of their own, and need not wait until the tracker has written one.
    projections.wake();
  };

  const reconcile = createReconcileRunner({
    pool: pools.work,
    logger,
    owner,
    transports,
    onAppended,
  });
  const api = has('api') ? buildApi({ settings, pools, orm, metrics, onRecorded: onAppended }) : undefined;
  const openRequests = createOpenRequests({ metrics });
  const now = (): number => performance.now();
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
  closables.push({
    name: 'requests',
    close: async (leftMs) => {
      await openRequests.drain(leftMs * SHARE_OF_DRAIN);
      await listening.stopAccepting(leftMs * SHARE_OF_LATECOMERS);
      await openRequests.finish(leftMs * SHARE_OF_REQUESTS);
    },
  });
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
  if (has('projector')) {
    const completer = createDecisionCompleter({
      pool: pools.work,
      appendEvents,
      clock: systemClock,
      newId: () => uuidv7(),
      logger,
      onAppended,
    });
    loops.push(projections.run(stop.signal), completer.run(stop.signal));
  }

  if (has('worker')) {
    const workers = createWorkers({
      settings,
      pool: pools.work,
      owner,
      metrics,
      wakeProjections: () => projections.wake(),
      onAppended,
    });
    const timers = createTimerFirer({ pool: pools.work, owner, logger, onAppended });
    loops.push(timers.run(stop.signal).then(timers.close));
    closables.push(workers.closables);
    consume = workers.consume;
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
    onProjected: projections.onMoved,
    close: () => (closing ??= closeInOrder(closables, { deadlineMs: settings.shutdownMs ?? SHUTDOWN_MS, logger })),
  };
}

async function assertSchema(databaseUrl: string): Promise<void> {
  const pending = await pendingMigrations(databaseUrl);
  if (pending.length === 0) return;
  throw new SchemaMismatchError(
    `The database lacks ${pending.length} migrations, from ${pending[0]} on. Run: hookledger migrate`,
  );
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
