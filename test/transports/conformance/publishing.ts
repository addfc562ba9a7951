import { describe, expect, test } from '@jest/globals';
import type { TransportHarness } from './harness.ts';
import { accepted, expectIdle, newMessage, newMessages, publishLast } from './messages.ts';
import { ack, observe } from './observe.ts';
import { Signals } from './signals.ts';

export function describePublishing(harness: () => TransportHarness): void {
  describe('publishing', () => {
    test('delivers each message once, with equal content, in the order of publication', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const messages = newMessages(queue, 20);
      expect(await transport.publish(queue, messages)).toEqual(messages.map(accepted));
      const { deliveries } = await observe(transport, queue);
      const last = await publishLast(transport, queue);
      const delivered = await deliveries.take(messages.length + 1);
      expect(delivered.map(({ message }) => message)).toEqual([...messages, last]);
      expect(delivered.map(({ attempt }) => attempt)).toEqual(delivered.map(() => 1));
      await expectIdle(transport, queue);
    });

    test('a key that is published again adds nothing and is accepted, before, during and after its handling', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const message = newMessage(queue);
      const publishAgain = (): Promise<unknown> => transport.publish(queue, [message]);
      await transport.publish(queue, [message, message]);
      expect(await publishAgain()).toEqual([accepted(message)]);
      const during = new Signals<unknown>();
      const { deliveries } = await observe(transport, queue, async () => {
        during.emit(await publishAgain());
        return ack;
      });
      await deliveries.next();
      expect(await during.next()).toEqual([accepted(message)]);
      await expectIdle(transport, queue);
      expect(await publishAgain()).toEqual([accepted(message)]);
      const last = await publishLast(transport, queue);
      expect((await deliveries.next()).message).toEqual(last);
    });

    test('another generation of the same event is another job', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const first = newMessage(queue);
      const second = newMessage(queue, { eventId: first.eventId, generation: 1 });
      await transport.publish(queue, [first, second]);
      const { deliveries } = await observe(transport, queue);
      const delivered = await deliveries.take(2);
      expect(delivered.map(({ message }) => message.generation)).toEqual([0, 1]);
    });

    test('answers in the order of the messages; a refused one takes none of its neighbours along', async () => {
      const { transport, newQueue } = harness();
      const queue = newQueue();
      const badKeys = new Map([
        [0, '123'],
        [499, 'a:b'],
        [500, ''],
        [501, '0'],
        [1_199, '-5'],
      ]);
      const messages = newMessages(queue, 1_200).map((message, index) => ({
        ...message,
        key: badKeys.get(index) ?? message.key,
      }));
      const answers = await transport.publish(queue, messages);
      const expected = messages.map((message, index) =>
        badKeys.has(index)
          ? { key: message.key, accepted: false, reason: expect.stringMatching(/^key /) }
          : accepted(message),
      );
      expect(answers).toEqual(expected);
      expect(await transport.depth(queue)).toEqual({ waiting: 1_195, active: 0, delayed: 0 });
      const { deliveries } = await observe(transport, queue);
      const delivered = await deliveries.take(1_195);
      const sound = messages.filter((_, index) => !badKeys.has(index));
      expect(delivered.map(({ message }) => message.key)).toEqual(sound.map(({ key }) => key));
    });

    test('refuses a message that is for another queue', async () => {
      const { transport, newQueue } = harness();
      const [answer] = await transport.publish(newQueue(), [newMessage('another-queue')]);
      expect(answer).toMatchObject({ accepted: false, reason: expect.stringContaining('another-queue') });
    });

    test('of nothing is answered with nothing', async () => {
      const { transport, newQueue } = harness();
      expect(await transport.publish(newQueue(), [])).toEqual([]);
    });
  });
}
