import type { Queue } from '../domain/queues.ts';
import { QUEUES } from '../domain/queues.ts';
import { systemClock } from '../platform/clock.ts';
import { uuidv7 } from '../platform/ids.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Pool } from '../platform/postgres.ts';
import type { Closable } from '../platform/shutdown.ts';
import { readActiveCheckpoint } from '../projections/checkpoint.ts';
import type { TransportsInUse } from '../relay/transports-in-use.ts';
import { reportCutJobs } from '../transports/report-cut-jobs.ts';
import type { Transport } from '../transports/transport.ts';
import { declareQueues } from '../workers/declare-queues.ts';
import { createAnalyticsHandler } from '../workers/handle-analytics.ts';
import type { DoorbellDeps } from '../workers/handle-analytics.ts';
import { handleIngress } from '../workers/handle-ingress.ts';
import { handleNotification } from '../workers/handle-notification.ts';
import { handleRecorded } from '../workers/handle-recorded.ts';
import type { DeclaredHandler, Handler } from '../workers/handler.ts';
import { createJobStore } from '../workers/job-store.ts';
import { createProjectedPosition } from '../workers/projected-position.ts';
import { QUEUE_CONCURRENCY } from '../workers/queue-concurrency.ts';
import { runWorker } from '../workers/run-worker.ts';
import type { AppSettings } from './app-settings.ts';

type WorkersDeps = Readonly<{
  settings: AppSettings;
  pool: Pool;
  owner: string;
  metrics: Metrics;
  wakeProjections: () => void;
  onAppended: () => void;
}>;

export type Workers = Readonly<{
  /** Consumes the five queues on every transport in use, those that it consumes already included. */
  consume(inUse: TransportsInUse): Promise<void>;
  /** Grows with each transport that is consumed. */
  closables: readonly Closable[];
}>;

/** Of the time that is left at the end: the rest closes connections. */
const SHARE_OF_JOBS = 0.6;
/** How long an effect whose owner died holds its job up; a third of it is more than a busy process keeps silent. */
const CALL_LEASE_MS = 10_000;
/** More than an HTTP adapter waits. */
const CALL_MS = 40_000;

/** What the role `worker` does. */
export function createWorkers({ settings, pool, owner, metrics, wakeProjections, onAppended }: WorkersDeps): Workers {
  const { adapters = [], logger } = settings;
  const position = createProjectedPosition({
    read: () => readActiveCheckpoint(pool),
    now: () => performance.now(),
  });
  const doorbells = { position, wakeProjector: wakeProjections, wakeJobs: wakeDoorbells };
  const handlers = { ...handlersOf(doorbells), ...settings.handlers };
  const calls = {
    pool,
    adapters,
    owner,
    now: systemClock.now,
    leaseMs: settings.callLeaseMs ?? CALL_LEASE_MS,
    callMs: settings.callMs ?? CALL_MS,
    logger,
  };
  const store = createJobStore({ pool });
  const closables: Closable[] = [];
  const consumed = new Set<Transport>();

  async function consumeQueue(transport: Transport, queue: Queue): Promise<void> {
    const consumer = await runWorker({
      pool,
      store,
      transport: reportCutJobs(transport),
      queue,
      ...declared(handlers[queue]),
      calls,
      concurrency: QUEUE_CONCURRENCY[queue],
      logger,
      now: systemClock.now,
      random: Math.random,
      newId: uuidv7,
      observer: metrics.jobs,
      onAppended,
    });
    closables.push({
      name: `worker ${queue} on ${transport.name}`,
      close: (leftMs) => consumer.close(leftMs * SHARE_OF_JOBS),
    });
  }

  /** On the transport that holds them; to the others their keys mean nothing. */
  function wakeDoorbells(keys: readonly string[]): void {
    for (const transport of consumed) {
      transport
        .promote('analytics-events', keys)
        .catch((err: unknown) => logger.debug({ err }, 'no doorbell was woken; each comes back by itself'));
    }
  }

  return {
    closables,
    async consume({ inForce, former }) {
      if (consumed.size === 0)
        await declareQueues(
          pool,
          QUEUES.map((queue) => ({ queue, ...declared(handlers[queue]) })),
        );
      // What was published before a switch is worked off where it is.
      for (const transport of [inForce, ...former]) {
        if (consumed.has(transport)) continue;
        consumed.add(transport);
        await Promise.all(QUEUES.map((queue) => consumeQueue(transport, queue)));
      }
    },
  };
}

function handlersOf(doorbells: DoorbellDeps): Readonly<Record<Queue, Handler>> {
  return {
    'ingress-events': handleIngress,
    'orchestration-flows': handleRecorded,
    'integration-tasks': handleRecorded,
    notifications: handleNotification,
    'analytics-events': createAnalyticsHandler(doorbells),
  };
}

function declared(handler: Handler | DeclaredHandler): DeclaredHandler {
  return typeof handler === 'function' ? { handler } : handler;
}
