import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLocalRedis } from '../../src/dev/local-redis.ts';
import type { LocalRedis } from '../../src/dev/local-redis.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createRedis } from '../../src/platform/redis.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import { TransportUnavailableError } from '../../src/transports/transport.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { eventually } from '../support/eventually.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { reportNotProven } from '../support/test-run.ts';
import { accepted, newMessage } from './conformance/messages.ts';
import { observe } from './conformance/observe.ts';

const logger = createLogger({ level: 'silent' });

/** A server of its own, for tests that stop it, fill it and hold it up. Each leaves it in order. */
describe('BullMQ and a Redis server in trouble', () => {
  const directory = createTemporaryDirectory();
  const dataDir = directory.path;
  let server: LocalRedis | undefined;
  let transport: Transport | undefined;

  beforeAll(async () => {
    server = await startLocalRedis({ dataDir, logger });
    if (server === undefined) return;
    transport = createBullmqTransport({ backend: { kind: 'redis', url: server.url }, logger });
  });
  afterAll(async () => {
    await transport?.close();
    await server?.stop();
    directory.remove();
  });

  /** Nothing is tested where no Redis can be started; the run says so at its end. */
  function withServer(run: (transport: Transport, server: LocalRedis) => Promise<void>): () => Promise<void> {
    return async () => {
      if (transport === undefined || server === undefined) return reportNotProven('a Redis server in trouble');
      await run(transport, server);
    };
  }

  async function command(redisUrl: string, name: string, ...args: string[]): Promise<void> {
    const redis = createRedis({ url: redisUrl, purpose: 'producer', connectionName: 'test', logger });
    await redis.call(name, ...args);
    redis.disconnect();
  }

  async function expectOutageUntil(transport: Transport, end: () => Promise<void>): Promise<void> {
    const queue = `queue-${randomUUID()}`;
    const message = newMessage(queue);
    await expect(transport.publish(queue, [message])).rejects.toThrow(TransportUnavailableError);
    await end();
    expect(await eventually(() => transport.publish(queue, [message]))).toEqual([accepted(message)]);
    const { deliveries, consumer } = await observe(transport, queue);
    expect((await deliveries.next()).message).toEqual(message);
    await consumer.close(5_000);
  }

  test(
    'one that is restarted still has the jobs, and consumers and producers go on',
    withServer(async (transport, first) => {
      const queue = `queue-${randomUUID()}`;
      const [before, after] = [newMessage(queue), newMessage(queue)];
      await transport.publish(queue, [before]);
      const other = await observe(transport, `queue-${randomUUID()}`);
      await first.stop();
      await expect(transport.publish(queue, [after])).rejects.toThrow(TransportUnavailableError);
      server = await startLocalRedis({ dataDir, logger });
      expect(server?.url).toBe(first.url);
      const { deliveries } = await observe(transport, queue);
      await eventually(() => transport.publish(queue, [after]));
      expect((await deliveries.take(2)).map(({ message }) => message)).toEqual([before, after]);
      await other.consumer.close(5_000);
    }),
  );

  test(
    'one that is full is unavailable until there is room',
    withServer(async (transport, { url }) => {
      await command(url, 'config', 'set', 'maxmemory', '1');
      await expectOutageUntil(transport, () => command(url, 'config', 'set', 'maxmemory', '0'));
    }),
  );

  test(
    'one that takes no writes, like a replica, is unavailable until it does',
    withServer(async (transport, { url }) => {
      await command(url, 'replicaof', '127.0.0.1', '1');
      await expectOutageUntil(transport, () => command(url, 'replicaof', 'no', 'one'));
    }),
  );

  test(
    'one that does not answer is unavailable before long',
    withServer(async (transport, { url }) => {
      await command(url, 'client', 'pause', '6000', 'all');
      await expectOutageUntil(transport, async () => {});
    }),
  );
});
