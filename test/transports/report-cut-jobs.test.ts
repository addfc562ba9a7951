import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createLogger } from '../../src/platform/logger.ts';
import { WorkCutError } from '../../src/platform/shutdown.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import { reportCutJobs } from '../../src/transports/report-cut-jobs.ts';
import type { Delivery, Disposition, Transport } from '../../src/transports/transport.ts';
import { newMessage } from './conformance/messages.ts';

let transport: Transport;

beforeEach(() => {
  transport = reportCutJobs(createMemoryTransport({ logger: createLogger({ level: 'silent' }) }));
});
afterEach(() => transport.close());

/** A consumer with one job under way, which ends as `handle` says. */
async function consumeOne(handle: (delivery: Delivery) => Promise<Disposition>) {
  const queue = `queue-${randomUUID()}`;
  const started = Promise.withResolvers<void>();
  await transport.publish(queue, [newMessage(queue)]);
  const consumer = await transport.consume(queue, {
    concurrency: 1,
    handle(delivery) {
      started.resolve();
      return handle(delivery);
    },
    abandoned: async () => {},
  });
  await started.promise;
  return { queue, consumer };
}

test('a consumer whose jobs all ended closes well', async () => {
  const end = Promise.withResolvers<Disposition>();
  const { consumer } = await consumeOne(() => end.promise);
  const closed = consumer.close(60_000);
  end.resolve({ kind: 'ack' });
  await closed;
});

test('one that was told to stop and did is reported, with its queue', async () => {
  const { queue, consumer } = await consumeOne(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
  );
  const closed = consumer.close(0);
  await expect(closed).rejects.toBeInstanceOf(WorkCutError);
  await expect(closed).rejects.toThrow(`1 jobs of ${queue} were cut off`);
});

test('one that was told to stop and still came to its end is not cut off', async () => {
  const { consumer } = await consumeOne(
    ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'ack' }))),
  );
  await consumer.close(0);
});

test('one that runs on is reported', async () => {
  const { consumer } = await consumeOne(() => new Promise(() => {}));
  await expect(consumer.close(0)).rejects.toThrow('1 jobs of');
});
