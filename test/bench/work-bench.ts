import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { DomainEvent } from '../../src/domain/events.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool, withTransaction } from '../../src/platform/postgres.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import { handleNotification } from '../../src/workers/handle-notification.ts';
import { createJobStore } from '../../src/workers/job-store.ts';
import { QUEUE_CONCURRENCY } from '../../src/workers/queue-concurrency.ts';
import { runWorker } from '../../src/workers/run-worker.ts';
import { newEvent } from '../support/new-event.ts';
import type { Bench } from './bench.ts';
import { jobFor, messageFor } from './outbox-rows.ts';

const QUEUE = 'notifications';
/** As the application has it. */
const CONCURRENCY = QUEUE_CONCURRENCY[QUEUE];
const BARE = 'bare BullMQ worker that does nothing';

/**
 * Jobs that wait in Redis, handled by the product's own notification handler: event read, inbox row, attempt and one
 * effect row in one transaction each, then the acknowledgement. Against BullMQ's worker with the same jobs and nothing
 * to do.
 */
export const workBench: Bench = {
  name: 'work',
  summary: 'jobs handled a second, each with its inbox row and one effect row',
  async prepare({ quick, servers }) {
    const jobs = quick ? 2_000 : 10_000;
    const logger = createLogger({ level: 'warn' });
    const { appUrl } = await servers.newDatabase();
    const pool = createPool({
      url: appUrl,
      applicationName: 'bench',
      max: 24,
      statementTimeoutMs: 30_000,
      idleInTransactionTimeoutMs: 5_000,
      logger,
    });
    const tracker = createHighWaterMarkTracker({ pool, logger, owner: 'bench' });
    const backend = { kind: 'redis' as const, url: servers.redisUrl };
    const transport = createBullmqTransport({ backend, prefix: 'ours', logger });
    const relay = createOutboxRelay({
      pool,
      transport,
      queues: [QUEUE],
      logger,
      owner: 'bench',
      maxQueueDepth: 1_000_000,
    });
    const redis = new Redis(servers.redisUrl);
    const bareOptions = { prefix: 'bare', connection: { url: servers.redisUrl, maxRetriesPerRequest: null } };
    const bareQueue = new Queue(QUEUE, bareOptions);

    async function fill(): Promise<void> {
      for (let left = jobs; left > 0; left -= 1_000) {
        await withTransaction(pool, { tenant: '*' }, (tx) =>
          appendEvents(
            tx,
            Array.from({ length: 1_000 }, () => newEvent({ event: notificationRequested(randomUUID()) })),
          ),
        );
      }
      await tracker.tick();
      for (let published = 0; published < jobs;) published += await relay.tick();
    }

    /** Notifications, which each effect adds one of. */
    const countEffects = (): Promise<number> =>
      withTransaction(pool, { tenant: '*' }, async (tx) => {
        const { rows } = await tx.query<{ effects: number }>(
          'select count(*)::integer as effects from hookledger.notifications',
        );
        return rows[0]?.effects ?? 0;
      });

    async function workOurs(): Promise<number> {
      await fill();
      const before = await countEffects();
      const all = createCountdown(jobs);
      const startedAt = performance.now();
      const consumer = await runWorker({
        pool,
        store: createJobStore({ pool }),
        transport,
        queue: QUEUE,
        handler: handleNotification,
        concurrency: CONCURRENCY,
        logger,
        now: () => new Date(),
        random: Math.random,
        newId: uuidv7,
        onAppended: () => undefined,
        onCommitted: all.count,
      });
      await all.done;
      const rate = jobs / ((performance.now() - startedAt) / 1_000);
      await consumer.close(10_000);
      const effects = (await countEffects()) - before;
      if (effects !== jobs) throw new Error(`${jobs} jobs have left ${effects} effect rows instead of one each.`);
      return rate;
    }

    async function workBare(): Promise<number> {
      for (let at = 0; at < jobs; at += 500) {
        await bareQueue.addBulk(
          Array.from({ length: 500 }, (_, index) => jobFor(messageFor(at + index, 'unassigned', QUEUE))),
        );
      }
      const all = createCountdown(jobs);
      const startedAt = performance.now();
      const worker = new Worker(QUEUE, () => Promise.resolve(), {
        ...bareOptions,
        concurrency: CONCURRENCY,
        removeOnComplete: { age: 24 * 60 * 60, count: 50_000 },
      });
      worker.on('completed', all.count);
      await all.done;
      const rate = jobs / ((performance.now() - startedAt) / 1_000);
      await worker.close();
      return rate;
    }

    const flushed = async (rate: Promise<number>): Promise<number> => {
      const measured = await rate;
      await redis.flushall();
      return measured;
    };
    return {
      unit: 'jobs/s',
      ours: { name: 'hookledger', run: () => flushed(workOurs()) },
      others: [{ name: BARE, run: () => flushed(workBare()) }],
      goals: [{ against: BARE, atLeast: 0.6 }],
      settings: {
        work: `${jobs} jobs a round, all waiting at its start; ${CONCURRENCY} at once in one process`,
        durability: 'PostgreSQL fsync and synchronous_commit on; Redis AOF everysec',
      },
      async close() {
        await relay.close();
        await tracker.close();
        await transport.close();
        await bareQueue.close();
        redis.disconnect();
        await pool.end();
      },
    };
  },
};

/** Resolves at the n-th call of `count`. */
function createCountdown(n: number): { count: () => void; done: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = n;
  return {
    count() {
      left -= 1;
      if (left === 0) resolve();
    },
    done: promise,
  };
}

function notificationRequested(key: string): DomainEvent {
  return {
    type: 'NotificationRequested',
    stream: { kind: 'call', provider: 'retell', account: 'org_1', mode: 'test', externalId: key },
    occurredAt: '2026-11-02T09:00:00.000Z',
    data: { task: 'bench', causeEventId: 'cause', causeType: 'CallEnded', effectKey: key, details: {} },
  };
}
