export type MessageKeyParts = Readonly<{ eventId: string; queue: string; replayId: string; generation: number }>;

/** `.` separates the parts, BullMQ refuses `:`, and PostgreSQL and log lines are better off without the rest. */
const legalPart = /^[^.:\s\p{Cc}]+$/u;

/**
 * The idempotency key of a message, which is also its job id on every transport.
 * Throws a TypeError when a part could be mistaken for another or cannot be part of a job id.
 */
export function messageKey({ eventId, queue, replayId, generation }: MessageKeyParts): string {
  for (const [name, part] of Object.entries({ eventId, queue, replayId })) {
    if (!legalPart.test(part)) {
      throw new TypeError(`${name} ${JSON.stringify(part)} must be free of dots, colons and blanks to be in a key.`);
    }
  }
  if (!Number.isSafeInteger(generation) || generation < 0) {
    throw new TypeError(`Generation ${generation} of event ${eventId} must be a whole number from 0.`);
  }
  return `${eventId}.${queue}.${replayId}.${generation}`;
}
