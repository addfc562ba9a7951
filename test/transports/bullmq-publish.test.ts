import { describe, expect, test } from '@jest/globals';
import type { OpenQueue } from '../../src/transports/bullmq-backend.ts';
import { publishJobs } from '../../src/transports/bullmq-publish.ts';
import { DeadlineExceededError } from '../../src/transports/deadline.ts';
import { accepted, newMessages } from './conformance/messages.ts';

const queue = 'queue';

type Added = Awaited<ReturnType<OpenQueue['addBulk']>>;

function answering(addBulk: (jobs: readonly unknown[]) => Promise<unknown>): OpenQueue {
  return {
    addBulk: (jobs) => addBulk(jobs) as Promise<Added>,
    depth: async () => ({ waiting: 0, active: 0, delayed: 0 }),
    promote: async () => undefined,
    holds: async () => [],
    dated: async () => [],
    end: async () => undefined,
  };
}

describe('publishing to BullMQ', () => {
  test('takes a negative id, another id or none for a refusal', async () => {
    const messages = newMessages(queue, 4);
    const [first] = messages;
    const open = answering(async () => [{ id: first?.key }, { id: '-5' }, { id: 'another' }]);
    const answers = await publishJobs(open, queue, messages, 1_000);
    expect(answers.map((answer) => answer.accepted)).toEqual([true, false, false, false]);
    expect(answers[1]).toMatchObject({ reason: expect.stringContaining('id -5') });
    expect(answers[3]).toMatchObject({ reason: expect.stringContaining('id none') });
  });

  test('adds no more than 500 jobs at once', async () => {
    const messages = newMessages(queue, 1_001);
    const sizes: number[] = [];
    const open = answering(async (jobs) => {
      const ids = messages.slice(sizes.reduce((sum, size) => sum + size, 0)).map(({ key }) => ({ id: key }));
      sizes.push(jobs.length);
      return ids;
    });
    expect(await publishJobs(open, queue, messages, 1_000)).toEqual(messages.map(accepted));
    expect(sizes).toEqual([500, 500, 1]);
  });

  test('does not wait for ever for a store that does not answer', async () => {
    const open = answering(() => new Promise(() => {}));
    await expect(publishJobs(open, queue, newMessages(queue, 1), 5)).rejects.toThrow(DeadlineExceededError);
  });
});
