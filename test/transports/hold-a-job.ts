import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import type { BullmqTransportOptions } from '../../src/transports/bullmq.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { setWallClock } from '../support/wall-clock.ts';

/** A worker in a process of its own: takes one job of a queue, says so, and never answers for it. */
const [queue = '', options = '', clockOffsetMs = '0'] = process.argv.slice(2);
setWallClock(Number(clockOffsetMs));
const settings = JSON.parse(options) as Omit<BullmqTransportOptions, 'logger'>;
const transport = createBullmqTransport({ ...settings, logger: createLogger({ level: 'silent' }) });
await transport.consume(queue, {
  concurrency: 1,
  handle: () => {
    process.stdout.write('holding\n');
    return new Promise(() => {});
  },
  abandoned: async () => {},
});
