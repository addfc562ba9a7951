import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createRedisBackend, Queue, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { createLogger } from '../../src/platform/logger.ts';
import { createRedis } from '../../src/platform/redis.ts';
import type { Redis } from '../../src/platform/redis.ts';
import { completeTogether } from '../../src/transports/complete-together.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithRedis } from '../support/redis.ts';

const LOCK_MS = 30_000;
const AN_HOUR_MS = 3_600_000;
const options = { attempts: 1_000_000_000, backoff: { type: 'disposition' } };

describeWithRedis('jobs that complete together', (url) => {
  const logger = createLogger({ level: 'silent' });
  let client: Redis;
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    client = createRedis({ url, purpose: 'worker', connectionName: 'test', logger });
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
    await client.quit();
  });

  /** A queue with a worker whose jobs end by the batch: when as many have begun as `together` says. */
  function open(way: 'bullmq' | 'together', concurrency: number) {
    const prefix = `test-${randomUUID()}`;
    const queue = new Queue('jobs', { connection: client, prefix, streams: { events: { maxLen: 100 } } });
    closing.push(() => queue.close());
    const begun: Job[] = [];
    const errors: string[] = [];
    let gate = Promise.withResolvers<void>();
    let batch = concurrency;
    function work(): void {
      const worker = new Worker(
        'jobs',
        async (job) => {
          begun.push(job);
          const { promise, resolve } = gate;
          if (begun.length === batch) resolve();
          await promise;
        },
        { connection: client, prefix, concurrency, lockDuration: LOCK_MS, removeOnComplete: { count: 1_000 } },
        way === 'bullmq'
          ? createRedisBackend
          : (...backend: Parameters<typeof createRedisBackend>) =>
              completeTogether(createRedisBackend(...backend), client, LOCK_MS),
      );
      worker.on('error', (error) => errors.push(error.message));
      closing.push(() => worker.close());
    }
    return {
      prefix,
      queue,
      begun,
      errors,
      work,
      add: (count: number, from = 0) =>
        queue.addBulk(
          Array.from({ length: count }, (_, index) => ({
            name: 'CallStarted',
            data: { position: String(from + index) },
            opts: { jobId: `job-${from + index}`, ...options },
          })),
        ),
      hold(size: number) {
        gate = Promise.withResolvers();
        batch = size;
      },
      release: () => gate.resolve(),
      counts: () => queue.getJobCounts('waiting', 'active', 'delayed', 'completed', 'paused'),
    };
  }

  test('leave the same behind in Redis, and bring the same jobs along, as by way of BullMQ', async () => {
    async function run(way: 'bullmq' | 'together') {
      const rig = open(way, 5);
      await rig.add(12);
      await rig.queue.add('CallStarted', {}, { jobId: 'late', delay: AN_HOUR_MS, ...options });
      rig.work();
      await eventually(async () => expect(await rig.counts()).toMatchObject({ completed: 12, active: 0, waiting: 0 }));
      expect(rig.errors).toEqual([]);
      const seen = rig.begun.map(({ id, name, data, opts, attemptsMade, attemptsStarted, processedOn, token }) => {
        const known = { id, name, data: data as unknown, opts, attemptsMade, attemptsStarted };
        return { ...known, isDated: processedOn !== undefined, hasToken: token !== undefined };
      });
      return { seen, left: await dump(client, `${rig.prefix}:jobs:`) };
    }
    const expected = await run('bullmq');
    expect(expected.seen).toHaveLength(12);
    expect(await run('together')).toEqual(expected);
  });

  test('a job whose lock is lost is refused alone', async () => {
    const rig = open('together', 3);
    rig.hold(Infinity);
    await rig.add(3);
    rig.work();
    await eventually(() => Promise.resolve(expect(rig.begun).toHaveLength(3)));
    await client.set(`${rig.prefix}:jobs:job-1:lock`, 'another worker');
    rig.release();
    await eventually(async () => expect(await rig.counts()).toMatchObject({ completed: 2, active: 1 }));
    await eventually(() => Promise.resolve(expect(rig.errors.join()).toContain('job-1')));
    expect(await client.get(`${rig.prefix}:jobs:job-1:lock`)).toBe('another worker');
  });

  test('bring nothing along while the queue is paused, and go on afterwards', async () => {
    const rig = open('together', 3);
    rig.hold(Infinity);
    await rig.add(5);
    rig.work();
    await eventually(() => Promise.resolve(expect(rig.begun).toHaveLength(3)));
    await rig.queue.pause();
    rig.release();
    await eventually(async () => expect(await rig.counts()).toMatchObject({ completed: 3, active: 0 }));
    expect(rig.begun).toHaveLength(3);
    await rig.queue.resume();
    await eventually(async () => expect(await rig.counts()).toMatchObject({ completed: 5 }));
  });

  test('keep to a limit of the queue', async () => {
    const rig = open('together', 4);
    rig.hold(Infinity);
    await rig.add(4);
    rig.work();
    await eventually(() => Promise.resolve(expect(rig.begun).toHaveLength(4)));
    await rig.queue.setGlobalConcurrency(1);
    await rig.add(3, 4);
    const { release } = rig;
    rig.hold(Infinity);
    release();
    await eventually(async () => expect(await rig.counts()).toMatchObject({ completed: 4, active: 1, waiting: 2 }));
    rig.release();
    await eventually(async () => expect(await rig.counts()).toMatchObject({ completed: 7 }));
  });

  test('a delayed job that is due runs although the queue is never empty', async () => {
    const rig = open('together', 4);
    rig.hold(Infinity);
    await rig.add(40);
    await rig.queue.add('CallStarted', {}, { jobId: 'due', delay: 1, ...options });
    rig.work();
    await eventually(() => Promise.resolve(expect(rig.begun).toHaveLength(4)));
    rig.release();
    await eventually(async () => expect(await rig.counts()).toMatchObject({ completed: 41, delayed: 0 }));
  });
});

/** Everything under the prefix, without times. */
async function dump(client: Redis, prefix: string): Promise<Readonly<Record<string, unknown>>> {
  const keys = await client.keys(`${prefix}*`);
  const entries = keys.toSorted().map(async (key) => [key.slice(prefix.length), await read(client, key)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

const TIMES = new Set(['timestamp', 'processedOn', 'finishedOn']);

async function read(client: Redis, key: string): Promise<unknown> {
  const type = await client.type(key);
  switch (type) {
    case 'hash':
      return Object.entries(await client.hgetall(key)).map(([field, value]) => [
        field,
        TIMES.has(field) ? 'time' : value,
      ]);
    case 'zset':
      return (await client.zrange(key, 0, -1)).toSorted();
    case 'list':
      return client.lrange(key, 0, -1);
    case 'set':
      return (await client.smembers(key)).toSorted();
    case 'stream':
      return (await client.xrange(key, '-', '+'))
        .map(([, fields]) => fields.join(' '))
        .filter((fields) => /^event (?:completed|active)/.test(fields))
        .toSorted();
    default:
      return type;
  }
}
