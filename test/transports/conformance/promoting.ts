import { describe, expect, test } from '@jest/globals';
import type { Disposition } from '../../../src/transports/transport.ts';
import { eventually } from '../../support/eventually.ts';
import type { TransportHarness } from './harness.ts';
import { expectIdle, newMessage, newMessages } from './messages.ts';
import { ack, observe } from './observe.ts';

const AN_HOUR_MS = 3_600_000;

export function describePromoting(harness: () => TransportHarness): void {
  describe('promoting', () => {
    test('lets a job that was snoozed for an hour run now, as the same attempt and another delivery', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const answers: Disposition[] = [
        { kind: 'retry', delayMs: 0, reason: 'once' },
        { kind: 'snooze', delayMs: AN_HOUR_MS },
      ];
      const { deliveries } = await observe(transport, queue, () => answers.shift() ?? ack);
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      expect(await deliveries.next()).toMatchObject({ message, attempt: 1, deliveries: 1 });
      expect(await deliveries.next()).toMatchObject({ message, attempt: 2, deliveries: 2 });
      await eventually(async () => expect(await transport.depth(queue)).toEqual({ waiting: 0, active: 0, delayed: 1 }));
      await transport.promote(queue, [message.key]);
      expect(await deliveries.next()).toMatchObject({ message, attempt: 2, deliveries: 3 });
      await expectIdle(transport, queue);
    });

    test('changes nothing of a job that runs, waits, has ended, is unknown or another one’s neighbour', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const gate = Promise.withResolvers<Disposition>();
      const answers: (Disposition | Promise<Disposition>)[] = [
        ack,
        { kind: 'snooze', delayMs: AN_HOUR_MS },
        gate.promise,
      ];
      const { deliveries } = await observe(transport, queue, () => answers.shift() ?? ack);
      const [ended, delayed, running, waiting] = newMessages(queue, 4);
      if (!ended || !delayed || !running || !waiting) throw new Error('no messages');
      await transport.publish(queue, [ended, delayed, running, waiting]);
      await deliveries.take(3);
      const before = { waiting: 1, active: 1, delayed: 1 };
      expect(await transport.depth(queue)).toEqual(before);

      await transport.promote(queue, [ended.key, running.key, waiting.key, newMessage(queue).key]);
      await transport.promote(newQueue(), [delayed.key]);
      await transport.promote(queue, []);
      expect(await transport.depth(queue)).toEqual(before);
      gate.resolve(ack);
      expect(await deliveries.next()).toMatchObject({ message: waiting, deliveries: 1 });

      await transport.promote(queue, [delayed.key]);
      await transport.promote(queue, [delayed.key]);
      expect(await deliveries.next()).toMatchObject({ message: delayed, attempt: 1, deliveries: 2 });
      await expectIdle(transport, queue);
    });
  });
}
