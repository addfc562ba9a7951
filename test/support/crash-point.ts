/**
 * A process that dies where it hurts most. Run by the crash tests:
 *   relay   publishes one round, then is killed before it moves its cursors
 *   worker  commits a job, then is killed before it acknowledges
 */
import { randomUUID } from 'node:crypto';
import { QUEUES } from '../../src/domain/queues.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool } from '../../src/platform/postgres.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import type { BullmqTransportOptions } from '../../src/transports/bullmq.ts';
import { handleIngress } from '../../src/workers/handle-ingress.ts';
import { createJobStore } from '../../src/workers/job-store.ts';
import { runWorker } from '../../src/workers/run-worker.ts';

export type CrashPlan = Readonly<{
  role: 'relay' | 'worker';
  databaseUrl: string;
  transport: Omit<BullmqTransportOptions, 'logger'>;
  /** Which commit of the worker is its last. */
  afterJobs: number;
}>;

const plan = JSON.parse(process.argv[2] ?? '{}') as CrashPlan;
const logger = createLogger({ level: 'silent' });
const pool = createPool({
  url: plan.databaseUrl,
  applicationName: 'crash test',
  max: 5,
  statementTimeoutMs: 10_000,
  idleInTransactionTimeoutMs: 10_000,
  logger,
});
const transport = createBullmqTransport({ ...plan.transport, logger });
const die = () => process.kill(process.pid, 'SIGKILL');

if (plan.role === 'relay') {
  const relay = createOutboxRelay({
    pool,
    transport,
    queues: QUEUES,
    logger,
    owner: 'doomed relay',
    leaseSeconds: 1,
    onPublished: (messages) => {
      if (messages.length > 0) die();
    },
  });
  await relay.run(new AbortController().signal);
} else {
  let jobs = 0;
  await runWorker({
    pool,
    store: createJobStore({ pool }),
    transport,
    queue: 'ingress-events',
    handler: handleIngress,
    concurrency: 1,
    logger,
    now: () => new Date(),
    random: Math.random,
    newId: randomUUID,
    onAppended: () => undefined,
    onCommitted: () => {
      jobs += 1;
      if (jobs === plan.afterJobs) die();
    },
  });
}
