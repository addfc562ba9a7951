import { describe, expect, test } from '@jest/globals';
import type { Disposition } from '../../../src/transports/transport.ts';
import { eventually } from '../../support/eventually.ts';
import { withWallClock } from '../../support/wall-clock.ts';
import type { TransportHarness } from './harness.ts';
import { expectIdle, newMessage } from './messages.ts';
import { ack, observe } from './observe.ts';

const AN_HOUR_MS = 3_600_000;

export function describeClocks(harness: () => TransportHarness): void {
  describe('a wall clock that is set', () => {
    test.each(['retry', 'snooze'] as const)(
      'an hour ahead when a worker asks for a %s, and then right again, does not change how long that waits',
      async (kind) => {
        const { transport, newQueue, delayMs } = harness();
        const queue = newQueue();
        const later: Disposition = { kind, delayMs, reason: 'later' };
        const answers: Disposition[] = [later];
        const { deliveries } = await observe(transport, queue, () => answers.shift() ?? ack);
        const message = newMessage(queue);
        const delayedAt = await withWallClock(AN_HOUR_MS, async () => {
          await transport.publish(queue, [message]);
          await deliveries.next();
          await eventually(async () => expect(await transport.depth(queue)).toMatchObject({ delayed: 1 }));
          return performance.now();
        });
        expect(await transport.depth(queue)).toMatchObject({ delayed: 1 });
        expect(await deliveries.next()).toMatchObject({ message, deliveries: 2 });
        // It was delayed a little before that was seen.
        expect(performance.now() - delayedAt).toBeGreaterThan(delayMs / 2);
        await expectIdle(transport, queue);
      },
    );

    test('an hour back while jobs are delayed does not change how long they wait', async () => {
      const { transport, newQueue, delayMs } = harness();
      const queue = newQueue();
      const answers: Disposition[] = [
        { kind: 'snooze', delayMs },
        { kind: 'retry', delayMs, reason: 'later' },
      ];
      const { deliveries } = await observe(transport, queue, () => answers.shift() ?? ack);
      const [snoozed, retried] = [newMessage(queue), newMessage(queue)];
      await transport.publish(queue, [snoozed, retried]);
      await deliveries.take(2);
      await eventually(async () => expect(await transport.depth(queue)).toMatchObject({ delayed: 2 }));
      await withWallClock(-AN_HOUR_MS, async () => {
        const again = await deliveries.take(2);
        expect(new Set(again.map(({ message }) => message))).toEqual(new Set([snoozed, retried]));
      });
      await expectIdle(transport, queue);
    });

    test('does not cut short what is to wait for long', async () => {
      const { transport, newQueue, delayMs } = harness();
      const queue = newQueue();
      const answers: Disposition[] = [
        { kind: 'snooze', delayMs: AN_HOUR_MS },
        { kind: 'snooze', delayMs },
      ];
      const { deliveries } = await observe(transport, queue, () => answers.shift() ?? ack);
      const [long, short] = [newMessage(queue), newMessage(queue)];
      await transport.publish(queue, [long, short]);
      await deliveries.take(2);
      await withWallClock(-AN_HOUR_MS, async () => {
        expect(await deliveries.next()).toMatchObject({ message: short });
      });
      await eventually(async () => expect(await transport.depth(queue)).toEqual({ waiting: 0, active: 0, delayed: 1 }));
      expect(await transport.holds(queue, [long.key])).toEqual(new Set([long.key]));
    });

    test('an hour ahead on a worker that dies leaves its job to the others all the same', async () => {
      const { transport, newQueue, dieHoldingOne } = harness();
      const queue = newQueue();
      const message = newMessage(queue);
      await transport.publish(queue, [message]);
      await dieHoldingOne(queue, AN_HOUR_MS);
      const { deliveries } = await observe(transport, queue);
      expect(await deliveries.next()).toMatchObject({ message, attempt: 1, deliveries: 2 });
      await expectIdle(transport, queue);
    });
  });
}
