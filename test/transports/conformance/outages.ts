import { describe, expect, test } from '@jest/globals';
import { TransportUnavailableError } from '../../../src/transports/transport.ts';
import type { Transport } from '../../../src/transports/transport.ts';
import { eventually } from '../../support/eventually.ts';
import { useHarness } from './harness.ts';
import type { OutageHarness } from './harness.ts';
import { accepted, newMessage } from './messages.ts';
import { observe } from './observe.ts';

/** An answer that takes longer keeps the relay from noticing that the store is away. */
const fewSecondsMs = 12_000;

/** For the transports whose store can be away while the process runs. The tests follow one another. */
export function describeOutages(setUp: () => Promise<OutageHarness>): void {
  describe('an outage of the store', () => {
    const harness = useHarness(setUp);

    async function expectUnavailable(transport: Transport, queue: string): Promise<void> {
      const calls = [
        transport.publish(queue, [newMessage(queue)]),
        transport.depth(queue),
        transport.promote(queue, [newMessage(queue).key]),
      ];
      await Promise.all(calls.map((call) => expect(call).rejects.toThrow(TransportUnavailableError)));
    }

    test(
      'is thrown by publish, depth and promote before long',
      () => {
        const { transport, newQueue } = harness();
        return expectUnavailable(transport, newQueue());
      },
      fewSecondsMs,
    );

    test('that lasted since the start ends by itself, for consumers too', async () => {
      const { transport, newQueue, endOutage } = harness();
      const queue = newQueue();
      const { deliveries } = await observe(transport, queue);
      const message = newMessage(queue);
      await endOutage();
      expect(await eventually(() => transport.publish(queue, [message]))).toEqual([accepted(message)]);
      expect((await deliveries.next()).message).toEqual(message);
    });

    test('of a store that was there ends by itself, for consumers too', async () => {
      const { transport, newQueue, beginOutage, endOutage } = harness();
      const queue = newQueue();
      const { deliveries } = await observe(transport, queue);
      const before = newMessage(queue);
      await eventually(() => transport.publish(queue, [before]));
      expect((await deliveries.next()).message).toEqual(before);
      await beginOutage();
      await expectUnavailable(transport, queue);
      await endOutage();
      const after = newMessage(queue);
      await eventually(() => transport.publish(queue, [after]));
      expect((await deliveries.next()).message).toEqual(after);
    });

    test('does not keep the transport from closing, with a consumer that never got to work', async () => {
      const { transport, newQueue, beginOutage } = harness();
      await beginOutage();
      const queue = newQueue();
      await observe(transport, queue);
      await transport.close();
      await expectUnavailable(transport, queue);
    });
  });
}
