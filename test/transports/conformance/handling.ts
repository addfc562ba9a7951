import { describe, expect, test } from '@jest/globals';
import type { Disposition } from '../../../src/transports/transport.ts';
import { eventually } from '../../support/eventually.ts';
import type { TransportHarness } from './harness.ts';
import { expectIdle, newMessage, newMessages } from './messages.ts';
import { ack, consume, observe } from './observe.ts';
import { Signals } from './signals.ts';

export function describeHandling(harness: () => TransportHarness): void {
  describe('handling', () => {
    test('a retry waits and raises the attempt', async () => {
      const { transport, newQueue, delayMs } = harness();
      const queue = newQueue();
      const { deliveries } = await observe(transport, queue, ({ message, attempt }) =>
        message.eventType === 'Flaky' && attempt < 3 ? { kind: 'retry', delayMs, reason: 'later' } : ack,
      );
      const flaky = newMessage(queue, { eventType: 'Flaky' });
      await transport.publish(queue, [flaky]);
      expect(await deliveries.next()).toMatchObject({ message: flaky, attempt: 1 });
      const other = newMessage(queue);
      await transport.publish(queue, [other]);
      expect(await deliveries.next()).toMatchObject({ message: other });
      expect(await deliveries.next()).toMatchObject({ message: flaky, attempt: 2 });
      expect(await deliveries.next()).toMatchObject({ message: flaky, attempt: 3 });
      await expectIdle(transport, queue);
    });

    test('a snooze waits and keeps the attempt', async () => {
      const { transport, newQueue, delayMs } = harness();
      const queue = newQueue();
      const answers: Disposition[] = [
        { kind: 'retry', delayMs: 0, reason: 'once' },
        { kind: 'snooze', delayMs },
        ack,
        { kind: 'snooze', delayMs: 0 },
      ];
      const { deliveries } = await observe(transport, queue, () => answers.shift() ?? ack);
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      expect(await deliveries.next()).toMatchObject({ message, attempt: 1 });
      expect(await deliveries.next()).toMatchObject({ message, attempt: 2 });
      const other = newMessage(queue);
      await transport.publish(queue, [other]);
      expect(await deliveries.next()).toMatchObject({ message: other, attempt: 1 });
      expect(await deliveries.next()).toMatchObject({ message, attempt: 2 });
      expect(await deliveries.next()).toMatchObject({ message, attempt: 2 });
      await expectIdle(transport, queue);
    });

    test('a handler that throws, whatever it throws, has its job tried again', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const errors = [
        new Error('once'),
        // What makes BullMQ give up, or stop the whole queue, when it comes from a job.
        Object.assign(new Error('looks final'), { name: 'UnrecoverableError' }),
        new Error('bullmq:rateLimitExceeded'),
      ];
      const { deliveries } = await observe(transport, queue, () => {
        const error = errors.shift();
        if (error !== undefined) throw error;
        return ack;
      });
      await transport.publish(queue, [newMessage(queue)]);
      const delivered = await deliveries.take(4);
      expect(delivered.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
      await expectIdle(transport, queue);
    });

    test('as many jobs run at once as the consumer was told, and no more', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const gate = Promise.withResolvers<void>();
      const started = new Signals<void>();
      let running = 0;
      let mostRunning = 0;
      const handle = async (): Promise<Disposition> => {
        running += 1;
        mostRunning = Math.max(mostRunning, running);
        started.emit();
        await gate.promise;
        running -= 1;
        return ack;
      };
      await transport.publish(queue, newMessages(queue, 7));
      await consume(transport, queue, { concurrency: 3, handle });
      await started.take(3);
      expect(await transport.depth(queue)).toEqual({ waiting: 4, active: 3, delayed: 0 });
      gate.resolve();
      await started.take(4);
      await expectIdle(transport, queue);
      expect(mostRunning).toBe(3);
    });

    test('what waits, what runs and what is delayed is counted', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      expect(await transport.depth(queue)).toEqual({ waiting: 0, active: 0, delayed: 0 });
      const gate = Promise.withResolvers<Disposition>();
      const answers: Disposition[] = [{ kind: 'snooze', delayMs: 3_600_000 }];
      const { deliveries } = await observe(transport, queue, () => answers.shift() ?? gate.promise);
      await transport.publish(queue, newMessages(queue, 4));
      await deliveries.take(2);
      expect(await transport.depth(queue)).toEqual({ waiting: 2, active: 1, delayed: 1 });
      gate.resolve(ack);
      const rest = { waiting: 0, active: 0, delayed: 1 };
      await eventually(async () => expect(await transport.depth(queue)).toEqual(rest));
    });
  });
}
