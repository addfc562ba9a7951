import { types } from 'node:util';
import { errorCode } from './error-code.ts';

/** SQLSTATE: 08 connection, 53 out of resources, 57 the server or a time limit ended it, 25P03 the same within a transaction. */
const sqlStates = /^(08|53|57|25P03)/;
const socketErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
/** What `pg` says without any code when a connection breaks or none comes free in time. */
const poolMessages =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/;

/** Whether an error of `pg` or of a socket says that the database is down, too slow or full: try again later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!types.isNativeError(error)) return false;
  const code = errorCode(error) ?? '';
  return poolMessages.test(error.message) || socketErrors.has(code) || ('severity' in error && sqlStates.test(code));
}
