import { describe, expect, test } from '@jest/globals';
import { TransportUnavailableError } from '../../../src/transports/transport.ts';
import type { Disposition } from '../../../src/transports/transport.ts';
import type { TransportHarness } from './harness.ts';
import { expectIdle, newMessage, publishLast } from './messages.ts';
import { ack, observe } from './observe.ts';

export function describeClosing(harness: () => TransportHarness): void {
  describe('closing a consumer', () => {
    test('waits for the jobs that run, and takes no other', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const gate = Promise.withResolvers<Disposition>();
      const first = await observe(transport, queue, () => gate.promise);
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      const { signal } = await first.deliveries.next();
      const waiting = await publishLast(transport, queue);
      const closed = first.consumer.close(30_000);
      gate.resolve(ack);
      await closed;
      expect(signal.aborted).toBe(false);
      expect(await transport.depth(queue)).toEqual({ waiting: 1, active: 0, delayed: 0 });
      const { deliveries } = await observe(transport, queue);
      expect((await deliveries.next()).message).toEqual(waiting);
    });

    test('aborts the jobs that outlast the deadline; they are delivered again, as the same attempt', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const first = await observe(transport, queue, ({ signal }) => {
        const stopped = Promise.withResolvers<Disposition>();
        signal.addEventListener('abort', () => stopped.reject(new Error('told to stop')));
        return stopped.promise;
      });
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      const { signal } = await first.deliveries.next();
      await first.consumer.close(0);
      expect(signal.aborted).toBe(true);
      expect(await transport.depth(queue)).toMatchObject({ active: 0 });
      const { deliveries } = await observe(transport, queue);
      expect(await deliveries.next()).toMatchObject({ message, attempt: 1 });
      await expectIdle(transport, queue);
    });

    test('leaves behind a job whose handler does not stop; another consumer gets it', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const gate = Promise.withResolvers<Disposition>();
      const first = await observe(transport, queue, () => gate.promise);
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      const { signal } = await first.deliveries.next();
      await first.consumer.close(0);
      expect(signal.aborted).toBe(true);
      // This answer comes too late to count: the job is not that handler's any more.
      gate.resolve({ kind: 'retry', delayMs: 0, reason: 'late' });
      const { deliveries } = await observe(transport, queue);
      expect(await deliveries.next()).toMatchObject({ message, attempt: 1 });
      await expectIdle(transport, queue);
    });

    test('may be repeated, also at the same time', async () => {
      const { transport, newQueue } = harness();
      const { consumer } = await observe(transport, newQueue());
      await Promise.all([consumer.close(0), consumer.close(1_000)]);
      await consumer.close(0);
    });
  });
}

/** The last of all: nothing can be done with the harness afterwards. */
export function describeClosedTransport(harness: () => TransportHarness): void {
  test('a transport that is closed, with its consumers, is unavailable', async () => {
    const { transport, newQueue } = harness();
    const queue = newQueue();
    await observe(transport, queue);
    await transport.close();
    await expect(transport.publish(queue, [newMessage(queue)])).rejects.toThrow(TransportUnavailableError);
    await expect(transport.depth(queue)).rejects.toThrow(TransportUnavailableError);
    await expect(transport.promote(queue, ['a'])).rejects.toThrow(TransportUnavailableError);
    await expect(transport.holds(queue, ['a'])).rejects.toThrow(TransportUnavailableError);
    await expect(transport.hasCanary()).rejects.toThrow(TransportUnavailableError);
    await expect(transport.setCanary()).rejects.toThrow(TransportUnavailableError);
    await expect(observe(transport, queue)).rejects.toThrow(TransportUnavailableError);
    await transport.close();
  });
}
