import type { Message } from './transport.ts';

const integer = /^(0|-?[1-9]\d*)$/;

/**
 * Why no transport takes this message, or undefined if it is fine. The rules are BullMQ 6.7's for job ids; one entry
 * that breaks them makes BullMQ refuse the whole bulk, so they are applied here first, to every transport alike.
 */
export function refusal(queue: string, message: Message): string | undefined {
  const { key } = message;
  if (message.queue !== queue) return `message is for queue ${message.queue}, not ${queue}`;
  if (key === '') return 'key is empty';
  if (integer.test(key)) return 'key is an integer, which BullMQ keeps for its own job ids';
  if (key.includes(':')) return 'key contains a colon, which separates the names of Redis keys';
  if (key.includes('\0')) return 'key contains a NUL character, which PostgreSQL refuses';
  return undefined;
}
