import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../../src/transports/transport.ts';
import type { TransportHarness } from './harness.ts';
import { expectIdle, newMessage, publishLast } from './messages.ts';
import { ack, consume, observe } from './observe.ts';
import { Signals } from './signals.ts';

export function describeDyingWorkers(harness: () => TransportHarness): void {
  describe('a worker that dies', () => {
    test('before it answers has its job delivered to another, as the same attempt', async () => {
      const { transport, newQueue, dieHoldingOne } = harness();
      const queue = newQueue();
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      await dieHoldingOne(queue);
      const { deliveries } = await observe(transport, queue);
      expect(await deliveries.next()).toMatchObject({ message, attempt: 1 });
      await expectIdle(transport, queue);
    });

    test('as one too many under the same job has that job given up, which is reported once', async () => {
      const { transport, newQueue, dieHoldingOne } = harness();
      const queue = newQueue();
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      await dieHoldingOne(queue);
      await dieHoldingOne(queue);
      const happened = new Signals<Readonly<{ handled: Message } | { givenUp: Message; reason: string }>>();
      await consume(transport, queue, {
        handle: async (delivery) => {
          happened.emit({ handled: delivery.message });
          return ack;
        },
        abandoned: async (givenUp, reason) => happened.emit({ givenUp, reason }),
      });
      const reason = expect.stringContaining('2 workers died');
      expect(await happened.next()).toEqual({ givenUp: message, reason });
      await expectIdle(transport, queue);
      await transport.publish(queue, [message]);
      const last = await publishLast(transport, queue);
      expect(await happened.next()).toEqual({ handled: last });
    });

    test('has its job given up only when that could be recorded', async () => {
      const { transport, newQueue, dieHoldingOne } = harness();
      const queue = newQueue();
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      await dieHoldingOne(queue);
      await dieHoldingOne(queue);
      const reports = new Signals<Message>();
      const failures = [new Error('the database is away')];
      await consume(transport, queue, {
        abandoned: async (givenUp) => {
          reports.emit(givenUp);
          const failure = failures.shift();
          if (failure !== undefined) throw failure;
        },
      });
      expect(await reports.take(2)).toEqual([message, message]);
      await expectIdle(transport, queue);
    });
  });
}
