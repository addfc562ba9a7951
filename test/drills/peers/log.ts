import { debuglog } from 'node:util';

const debug = debuglog('peers');

/** What breaks is what these drills are about: it is told only with NODE_DEBUG=peers. */
export function log(...what: unknown[]): void {
  debug('%o', what);
}
