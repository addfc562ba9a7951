import { once } from 'node:events';
import { Queue, Worker } from 'bullmq';
import { z } from 'zod';
import type { Logger } from '../platform/logger.ts';
import { createRedis } from '../platform/redis.ts';
import type { Redis } from '../platform/redis.ts';
import type { BullmqBackend } from './bullmq-backend.ts';
import { endsWithin } from './deadline.ts';
import { createErrorReporter } from './report-errors.ts';

export type BullmqRedisOptions = Readonly<{ url: string; prefix: string; logger: Logger }>;

/**
 * An id is known as long as its job is kept. The relay repeats only what it published since its cursor was last
 * written, which is seconds of work; the count bounds the memory at about 80 MB a queue.
 */
const keep = {
  removeOnComplete: { age: 24 * 60 * 60, count: 50_000 },
  removeOnFail: { age: 24 * 60 * 60, count: 10_000 },
};

/** `unknown`: there is no such job, or its queue has lost it. */
const endedStates = new Set(['completed', 'failed', 'unknown']);

/** What BullMQ's script answers of a job that waits, runs, has ended or never was. */
const NOT_DELAYED = -3;

/**
 * The job's hash keeps for how long it was delayed, its place in the set until when. The relay keeps queues far shallower
 * than this.
 */
const LIST_DELAYED = `
  local jobs = redis.call('zrange', KEYS[1], 0, 9999, 'withscores')
  local list = {}
  for i = 1, #jobs, 2 do
    list[#list + 1] = { jobs[i], jobs[i + 1], redis.call('hget', ARGV[1] .. jobs[i], 'delay') or '0' }
  end
  return list`;
const delayedList = z.array(z.tuple([z.string(), z.string(), z.coerce.number()]));

const quitDeadlineMs = 1_000;

/** Connects at once and again whenever the connection is lost, for ever. */
export function openRedisBackend({ url, prefix, logger }: BullmqRedisOptions): BullmqBackend {
  const connectionName = 'hookledger-queues';
  const client = createRedis({ url, purpose: 'producer', connectionName, logger });
  const report = createErrorReporter(logger, 'queue on redis failed; it goes on when it can');
  const canaryKey = `${prefix}:canary`;

  return {
    name: 'bullmq-redis',
    async openQueue(name) {
      await untilConnected(client);
      const queue = new Queue(name, { connection: client, prefix, streams: { events: { maxLen: 100 } } });
      queue.on('error', report);
      await queue.waitUntilReady().catch(async (error: unknown) => {
        // Takes its listeners off the shared client, which outlives this queue.
        await queue.close();
        throw error;
      });
      async function promote(keys: readonly string[]): Promise<void> {
        await untilConnected(client);
        await Promise.all(keys.map((key) => promoteDelayed(queue, key)));
      }
      return {
        async addBulk(jobs) {
          await untilConnected(client);
          return queue.addBulk(jobs);
        },
        async depth() {
          await untilConnected(client);
          const { waiting = 0, active = 0, delayed = 0 } = await queue.getJobCounts('waiting', 'active', 'delayed');
          return { waiting, active, delayed };
        },
        promote,
        async holds(keys) {
          await untilConnected(client);
          const states = await Promise.all(keys.map((key) => queue.getJobState(key)));
          return keys.filter((_, index) => !endedStates.has(states[index] ?? 'unknown'));
        },
        async dated() {
          await untilConnected(client);
          const list = await client.eval(LIST_DELAYED, 1, queue.toKey('delayed'), queue.toKey(''));
          return delayedList.parse(list).map(([key, date, forMs]) => ({ kind: 'delay', key, date, forMs }));
        },
        end: (overdue) => promote(overdue.map(({ key }) => key)),
      };
    },
    async hasCanary() {
      await untilConnected(client);
      return (await client.exists(canaryKey)) === 1;
    },
    async setCanary() {
      await untilConnected(client);
      await client.set(canaryKey, new Date().toISOString());
    },
    openWorker(name, processor, settings) {
      const connection = createRedis({ url, purpose: 'worker', connectionName, logger });
      const worker = new Worker(name, processor, { ...settings, ...keep, connection, prefix });
      return {
        worker,
        async pause() {
          await worker.pause();
          // It ends with reconnecting, even if its last job took so long that the worker was closed meanwhile.
          if (worker.closing !== undefined) await worker.getBackend().disconnectBlocking(false);
        },
        async close() {
          await worker.close(true);
          await end(connection);
        },
      };
    },
    close: () => end(client),
  };
}

async function promoteDelayed(queue: Queue, key: string): Promise<void> {
  try {
    await queue.getBackend().promote(key);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === NOT_DELAYED)) throw error;
  }
}

/** Rejects with the reason of the next failed try; while Redis is down there is one every two seconds. */
async function untilConnected(client: Redis): Promise<void> {
  if (client.status !== 'ready') await once(client, 'ready');
}

/** A server that answers closes the connection at once; otherwise ioredis holds on to the socket for two seconds. */
async function end(client: Redis): Promise<void> {
  const hasEnded = client.status === 'ready' && (await endsWithin(client.quit(), quitDeadlineMs));
  if (!hasEnded) client.disconnect();
}
