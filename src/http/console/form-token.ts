import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Stands in every form that changes something. It follows from the session, so that whoever holds another session, or
 * none and a forged page, cannot name it.
 */
export function formTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('console form').digest('base64url');
}

/** Constant time. */
export function isFormToken(given: string | null, sessionToken: string): boolean {
  const expected = Buffer.from(formTokenOf(sessionToken));
  const actual = Buffer.from(given ?? '');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
