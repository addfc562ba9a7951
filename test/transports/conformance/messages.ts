import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { messageKey } from '../../../src/transports/message-key.ts';
import type { Message, Transport } from '../../../src/transports/transport.ts';
import { eventually } from '../../support/eventually.ts';

export function newMessage(queue: string, changes: Partial<Message> = {}): Message {
  const identity = { eventId: randomUUID(), queue, replayId: 'live', generation: 0, ...changes };
  return {
    tenantId: 'tenant-1',
    eventType: 'CallEnded',
    position: '9007199254740993',
    key: messageKey(identity),
    ...identity,
  };
}

export function newMessages(queue: string, count: number): Message[] {
  return Array.from({ length: count }, () => newMessage(queue));
}

export function accepted({ key }: Message): object {
  return { key, accepted: true };
}

/** Queues are first in, first out: what is delivered before this message is all that there was. */
export async function publishLast(transport: Transport, queue: string): Promise<Message> {
  const last = newMessage(queue, { eventType: 'Last' });
  await transport.publish(queue, [last]);
  return last;
}

export async function expectIdle(transport: Transport, queue: string): Promise<void> {
  const idle = { waiting: 0, active: 0, delayed: 0 };
  await eventually(async () => expect(await transport.depth(queue)).toEqual(idle));
}
