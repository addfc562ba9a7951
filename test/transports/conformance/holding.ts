import { describe, expect, test } from '@jest/globals';
import type { Disposition } from '../../../src/transports/transport.ts';
import { eventually } from '../../support/eventually.ts';
import type { TransportHarness } from './harness.ts';
import { expectIdle, newMessage, newMessages } from './messages.ts';
import { ack, consume, observe } from './observe.ts';
import { Signals } from './signals.ts';

export function describeHolding(harness: () => TransportHarness): void {
  describe('what the store holds', () => {
    test('is what waits, what runs and what is delayed; not what was never published there', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const other = newQueue();
      const gate = Promise.withResolvers<Disposition>();
      const answers: Disposition[] = [{ kind: 'snooze', delayMs: 3_600_000 }];
      const { deliveries } = await observe(transport, queue, () => answers.shift() ?? gate.promise);
      const messages = newMessages(queue, 4);
      const keys = messages.map(({ key }) => key);
      await transport.publish(queue, messages);
      await deliveries.take(2);
      expect(await transport.depth(queue)).toEqual({ waiting: 2, active: 1, delayed: 1 });
      expect(await transport.holds(queue, [...keys, newMessage(queue).key])).toEqual(new Set(keys));
      expect(await transport.holds(other, keys)).toEqual(new Set());
      expect(await transport.holds(queue, [])).toEqual(new Set());
      gate.resolve(ack);
      await eventually(async () => expect(await transport.depth(queue)).toEqual({ waiting: 0, active: 0, delayed: 1 }));
      expect(await transport.holds(queue, keys)).toEqual(new Set(keys.slice(0, 1)));
    });

    test('is no job that was acknowledged or given up, though its key is still known', async () => {
      const { transport, newQueue, dieHoldingOne } = harness();
      const queue = newQueue();
      const [abandoned, handled] = [newMessage(queue), newMessage(queue)];
      await transport.publish(queue, [abandoned]);
      await dieHoldingOne(queue);
      expect(await transport.holds(queue, [abandoned.key])).toEqual(new Set([abandoned.key]));
      await dieHoldingOne(queue);
      const given = new Signals<string>();
      await consume(transport, queue, { abandoned: async ({ key }) => given.emit(key) });
      expect(await given.next()).toBe(abandoned.key);
      await transport.publish(queue, [handled]);
      await expectIdle(transport, queue);
      await transport.publish(queue, [abandoned, handled]);
      expect(await transport.holds(queue, [abandoned.key, handled.key])).toEqual(new Set());
    });

    test('is asked for more keys than one question takes', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const messages = newMessages(queue, 450);
      await transport.publish(queue, messages.slice(0, 430));
      const held = await transport.holds(
        queue,
        messages.map(({ key }) => key),
      );
      expect(held).toEqual(new Set(messages.slice(0, 430).map(({ key }) => key)));
    });

    test('includes a canary from when it is set', async () => {
      const { transport } = harness();
      expect(await transport.hasCanary()).toBe(false);
      await transport.setCanary();
      await transport.setCanary();
      expect(await transport.hasCanary()).toBe(true);
    });
  });
}
