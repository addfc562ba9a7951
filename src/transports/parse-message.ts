import { z } from 'zod';
import type { Message } from './transport.ts';

const message = z.object({
  key: z.string(),
  queue: z.string(),
  tenantId: z.string(),
  eventId: z.string(),
  eventType: z.string(),
  position: z.string(),
  replayId: z.string(),
  generation: z.number(),
});

/** Reads a message back from a queue that others can write to. Throws a ZodError when it is not one of ours. */
export function parseMessage(data: unknown): Message {
  return message.parse(data);
}
