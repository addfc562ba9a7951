import { createHash } from 'node:crypto';

/** What is kept of a key or token. Plain SHA-256 will do: they are random, so there is nothing to guess faster. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
