import type { Queue } from '../domain/queues.ts';
import { QUEUES } from '../domain/queues.ts';
import { systemClock } from '../platform/clock.ts';
import { uuidv7 } from '../platform/ids.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { Closable } from '../platform/shutdown.ts';
import { readCheckpoint } from '../projections/checkpoint.ts';
import type { TransportsInUse } from '../relay/transports-in-use.ts';
import { reportCutJobs } from '../transports/report-cut-jobs.ts';
import type { Transport } from '../transports/transport.ts';
import { createAnalyticsHandler } from '../workers/handle-analytics.ts';
import { handleIngress } from '../workers/handle-ingress.ts';
import { handleNotification } from '../workers/handle-notification.ts';
import { handleRecorded } from '../workers/handle-recorded.ts';
import type { Handler } from '../workers/handler.ts';
import { createJobStore } from '../workers/job-store.ts';
import { runWorker } from '../workers/run-worker.ts';
import type { AppSettings } from './app-settings.ts';
import { PROJECTIONS } from './projections.ts';

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

/** Jobs that run at once share their round trips: many cost little more than few. */
const CONCURRENCY = 50;
/** Of the time that is left at the end: the rest closes connections. */
const SHARE_OF_JOBS = 0.6;
/** Two thirds of it are more than an HTTP adapter waits. */
const CALL_LEASE_MS = 60_000;

/** What the role `worker` does. */
export function createWorkers({ settings, pool, owner, metrics, wakeProjections, onAppended }: WorkersDeps): Workers {
  const { adapters = [], logger } = settings;
  const position = createProjectedPosition(pool);
  const handlers = { ...handlersOf({ position, wake: wakeProjections }), ...settings.handlers };
  const calls = { pool, adapters, owner, now: systemClock.now, leaseMs: settings.callLeaseMs ?? CALL_LEASE_MS };
  const store = createJobStore({ pool });
  const closables: Closable[] = [];
  const consumed = new Set<Transport>();

  async function consumeQueue(transport: Transport, queue: Queue): Promise<void> {
    const consumer = await runWorker({
      pool,
      store,
      transport: reportCutJobs(transport),
      queue,
      handler: handlers[queue],
      calls,
      concurrency: CONCURRENCY,
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

  return {
    closables,
    async consume({ inForce, former }) {
      // What was published before a switch is worked off where it is.
      for (const transport of [inForce, ...former]) {
        if (consumed.has(transport)) continue;
        consumed.add(transport);
        await Promise.all(QUEUES.map((queue) => consumeQueue(transport, queue)));
      }
    },
  };
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
      reading = withTransaction(pool, { tenant: '*' }, async (tx) => {
        const positions: bigint[] = [];
        for (const { name, version } of PROJECTIONS) positions.push(await readCheckpoint(tx, name, version));
        return positions.reduce((a, b) => (a < b ? a : b));
      });
    }
    return reading;
  };
}
