import { randomUUID } from 'node:crypto';
import { describeWithRedis } from '../support/redis.ts';
import { createBullmqHarness, createBullmqOutageHarness } from './bullmq-harness.ts';
import type { BullmqStore } from './bullmq-harness.ts';
import { describeTransport } from './conformance.ts';
import { describeOutages } from './conformance/outages.ts';

describeWithRedis('BullMQ on Redis', (url) => {
  const store: BullmqStore = {
    options: { backend: { kind: 'redis', url }, prefix: `test-${randomUUID()}` },
    newQueue: () => `queue-${randomUUID()}`,
    close: async () => {},
  };

  describeOutages(() => createBullmqOutageHarness(store));
  describeTransport('as a transport', async () => createBullmqHarness(store));
});
