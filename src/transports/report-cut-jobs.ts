import { WorkCutError } from '../platform/shutdown.ts';
import type { Transport } from './transport.ts';

/**
 * The same transport, except that `close` of a consumer rejects with a WorkCutError when it did not let every job end:
 * one that was aborted, or left running. Such a job is delivered again.
 */
export function reportCutJobs(transport: Transport): Transport {
  return {
    ...transport,
    async consume(queue, options) {
      let running = 0;
      let cut = 0;
      const consumer = await transport.consume(queue, {
        ...options,
        async handle(delivery) {
          running += 1;
          let isDone = false;
          try {
            const disposition = await options.handle(delivery);
            isDone = disposition.kind === 'ack';
            return disposition;
          } finally {
            running -= 1;
            if (delivery.signal.aborted && !isDone) cut += 1;
          }
        },
      });
      return {
        async close(deadlineMs) {
          // A job that lost its lock earlier was aborted as well, and is another worker's.
          const before = cut;
          await consumer.close(deadlineMs);
          const count = running + cut - before;
          if (count > 0) throw new WorkCutError(`${count} jobs of ${queue} were cut off; they are delivered again.`);
        },
      };
    },
  };
}
