import { randomUUID } from 'node:crypto';

/**
 * An RFC 9562 UUID of version 7: 48 bits of `at` in milliseconds, then 74 random bits. Ids of different milliseconds
 * sort by time; within one millisecond they are in no order.
 */
export function uuidv7(at: Date = new Date()): string {
  const time = at.getTime().toString(16).padStart(12, '0');
  // Node draws the randomness of randomUUID in advance, many ids at a time; randomBytes asks the system for each.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
