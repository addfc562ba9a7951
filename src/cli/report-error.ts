import { inspect } from 'node:util';
import { EXIT } from './command.ts';
import type { Output } from './output.ts';

type Explanation = Readonly<{ message: string; code: string; next?: string }>;

/**
 * Tells people what went wrong, under which code, and what to do next; programs get the same as JSON. Answers the exit
 * code. `topic`: the command that it happened in. `isDebugging`: where it happened, too.
 */
export function reportError(
  error: unknown,
  out: Output,
  { topic, isDebugging }: { topic: string; isDebugging: boolean },
): number {
  const explanation = explainOwn(error) ?? explainDatabase(error) ?? explainConnection(error) ?? explainUnknown(error);
  const { message, code } = explanation;
  const isUsage = code === 'wrong_usage' || code === 'invalid_command';
  const next = isUsage ? ['npx hookledger', topic, '--help'].filter(Boolean).join(' ') : explanation.next;
  if (out.isJson) {
    out.note(JSON.stringify({ error: { code, message, next } }));
  } else {
    out.note(`${out.style('red', `error ${code}`)}: ${message}`);
    if (next !== undefined) out.note(`next: ${next}`);
  }
  if (isDebugging) out.note(inspect(error));
  return isUsage ? EXIT.usage : EXIT.problem;
}

/** Our own errors say in their message what to do; their codes are words in lower case. */
function explainOwn(error: unknown): Explanation | undefined {
  const code = codeOf(error);
  return Error.isError(error) && /^[a-z_]+$/.test(code) ? { message: error.message, code } : undefined;
}

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function explainDatabase(thrown: unknown): Explanation | undefined {
  const error = rootCause(thrown);
  if (!Error.isError(error) || !('severity' in error)) return undefined;
  const code = codeOf(error);
  const what = `PostgreSQL refused: ${error.message}`;
  switch (code) {
    case '22023':
    case '3F000':
    case '42P01':
    case '42703':
    case '42883':
      return {
        message: 'The schema of the database does not fit this version.',
        code: 'schema_mismatch',
        next: 'npx hookledger migrate',
      };
    case '28000':
    case '28P01':
    case '3D000':
      return { message: what, code, next: 'check the user, password and database of DATABASE_URL' };
    case '42501':
      return {
        message: what,
        code,
        next: 'DATABASE_URL must log in as hookledger_app or a member of it; migrate, as the owner',
      };
    default:
      return { message: what, code };
  }
}

const connectionFaults = ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH'];

function explainConnection(thrown: unknown): Explanation | undefined {
  const error = rootCause(thrown);
  if (!Error.isError(error)) return undefined;
  const isTimeout = /timeout exceeded when trying to connect|connection timeout/i.test(error.message);
  if (!connectionFaults.includes(codeOf(error)) && !isTimeout) return undefined;
  const where = 'address' in error && 'port' in error ? ` at ${String(error.address)}:${String(error.port)}` : '';
  return {
    message: `PostgreSQL${where} does not answer.`,
    code: 'database_unreachable',
    next: 'start it, or check DATABASE_URL; without that variable, the embedded one is used',
  };
}

function explainUnknown(error: unknown): Explanation {
  return {
    message: Error.isError(error) ? error.message : String(error),
    code: 'unexpected',
    next: 'LOG_LEVEL=debug shows where it happened',
  };
}

/** Through the wrappers of MikroORM and of Node's attempts at several addresses. */
function rootCause(error: unknown): unknown {
  if (error instanceof AggregateError) return rootCause(error.errors[0]);
  if (Error.isError(error) && 'severity' in error) return error;
  return Error.isError(error) && error.cause !== undefined ? rootCause(error.cause) : error;
}

function codeOf(error: unknown): string {
  return Error.isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
