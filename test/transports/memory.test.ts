import { randomUUID } from 'node:crypto';
import { createLogger } from '../../src/platform/logger.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import { describeTransport } from './conformance.ts';

describeTransport('the memory transport', async () => {
  const transport = createMemoryTransport({ maxDeaths: 1, logger: createLogger({ level: 'silent' }) });
  return {
    transport,
    newQueue: () => `queue-${randomUUID()}`,
    async dieHoldingOne(queue) {
      const holding = Promise.withResolvers<void>();
      const consumer = await transport.consume(queue, {
        concurrency: 1,
        handle: () => {
          holding.resolve();
          return new Promise(() => {});
        },
        abandoned: async () => {},
      });
      await holding.promise;
      await consumer.close(0);
    },
    delayMs: 50,
    close: () => transport.close(),
  };
});
