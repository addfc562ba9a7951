import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { createLogger } from '../../src/platform/logger.ts';
import { createRedis } from '../../src/platform/redis.ts';
import type { Redis } from '../../src/platform/redis.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import type { Disposition, Transport } from '../../src/transports/transport.ts';
import { describeWithRedis } from '../support/redis.ts';
import { createBullmqHarness, createBullmqOutageHarness } from './bullmq-harness.ts';
import type { BullmqStore } from './bullmq-harness.ts';
import { describeTransport } from './conformance.ts';
import { expectIdle, newMessage } from './conformance/messages.ts';
import { observe } from './conformance/observe.ts';
import { describeOutages } from './conformance/outages.ts';

describeWithRedis('BullMQ on Redis', (url) => {
  const prefix = `test-${randomUUID()}`;
  const newQueue = (): string => `queue-${randomUUID()}`;
  const store: BullmqStore = { options: { backend: { kind: 'redis', url }, prefix }, newQueue, close: async () => {} };

  describeOutages(() => createBullmqOutageHarness(store));
  describeTransport('as a transport', async () => createBullmqHarness(store));

  describe('besides', () => {
    let redis: Redis;
    let transport: Transport;

    beforeAll(() => {
      const logger = createLogger({ level: 'silent' });
      redis = createRedis({ url, purpose: 'producer', connectionName: 'test', logger });
      transport = createBullmqTransport({ ...store.options, lockDurationMs: 2_000, logger });
    });
    afterAll(async () => {
      await transport.close();
      await redis.quit();
    });

    test('a job that is not a message of ours is set aside, and the next one is handled', async () => {
      const queue = newQueue();
      const foreign = new Queue(queue, { connection: redis, prefix });
      await foreign.add('foreign', { hello: 'world' });
      const { deliveries } = await observe(transport, queue);
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      expect((await deliveries.next()).message).toEqual(message);
      await expectIdle(transport, queue);
      expect(await foreign.getFailedCount()).toBe(1);
      await foreign.close();
    });

    test('a handler whose worker lost the lock of its job is told to stop', async () => {
      const queue = newQueue();
      const stopped = Promise.withResolvers<void>();
      const { deliveries } = await observe(transport, queue, async ({ signal, attempt, message }) => {
        if (message.eventType === 'Last') return { kind: 'ack' };
        const answer = Promise.withResolvers<Disposition>();
        signal.addEventListener('abort', () => {
          stopped.resolve();
          answer.resolve({ kind: 'ack' });
        });
        return attempt === 1 ? answer.promise : { kind: 'ack' };
      });
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      await deliveries.next();
      await redis.del(`${prefix}:${queue}:${message.key}:lock`);
      await stopped.promise;
    });

    test('finished jobs are kept, so that their keys are remembered, until they are a day old', async () => {
      const queue = newQueue();
      const { deliveries } = await observe(transport, queue);
      const completed = `${prefix}:${queue}:completed`;
      const [old, recent, next] = [newMessage(queue), newMessage(queue), newMessage(queue)];
      await transport.publish(queue, [old, recent]);
      await deliveries.take(2);
      await expectIdle(transport, queue);
      await redis.zadd(completed, String(Date.now() - 25 * 60 * 60 * 1_000), old.key);
      await transport.publish(queue, [next]);
      await deliveries.next();
      await expectIdle(transport, queue);
      expect(await redis.zrange(completed, '0', '-1')).toEqual([recent.key, next.key]);
    });
  });
});
