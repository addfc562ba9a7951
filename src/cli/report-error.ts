import { EXIT } from './command.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage-error.ts';

type Explanation = Readonly<{ message: string; code: string; next?: string }>;

/**
 * Tells people what went wrong, under which code, and what to do next; programs get the same as JSON. Answers the exit
 * code. `topic`: the command that it happened in.
 */
export function reportError(error: unknown, out: Output, topic: string): number {
  const { message, code, next } = explain(error, topic);
  if (out.isJson) {
    out.note(JSON.stringify({ error: { code, message, next } }));
  } else {
    out.note(`${out.style('red', 'error')}: ${message} (${code})`);
    if (next !== undefined) out.note(`next: ${next}`);
  }
  return code === 'wrong_usage' || code === 'invalid_command' ? EXIT.usage : EXIT.problem;
}

function explain(error: unknown, topic: string): Explanation {
  const cause = rootCause(error);
  if (error instanceof UsageError) {
    return {
      message: error.message,
      code: error.code,
      next: ['npx', 'hookledger', topic, '--help'].filter(Boolean).join(' '),
    };
  }
  return explainDatabase(cause) ?? explainConnection(cause) ?? explainTyped(error) ?? explainUnknown(error);
}

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function explainDatabase(error: unknown): Explanation | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  if (!('severity' in error)) return undefined;
  const { code } = error;
  const what = `PostgreSQL refused: ${error.message}`;
  switch (code) {
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
    case '22023':
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

function explainConnection(error: unknown): Explanation | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isTimeout = /timeout exceeded when trying to connect|connection timeout/i.test(error.message);
  if (!connectionFaults.includes(code) && !isTimeout) return undefined;
  const where = 'address' in error && 'port' in error ? ` at ${String(error.address)}:${String(error.port)}` : '';
  return {
    message: `PostgreSQL${where} does not answer.`,
    code: 'database_unreachable',
    next: 'start it, or check DATABASE_URL; without that variable, the embedded one is used',
  };
}

/** Our own errors say in their message what to do. */
function explainTyped(error: unknown): Explanation | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return { message: error.message, code: error.code };
}

function explainUnknown(error: unknown): Explanation {
  return {
    message: error instanceof Error ? error.message : String(error),
    code: 'unexpected',
    next: 'LOG_LEVEL=debug shows where it happened',
  };
}

/** Through the wrappers of MikroORM and of Node's attempts at several addresses. */
function rootCause(error: unknown): unknown {
  if (error instanceof AggregateError) return rootCause(error.errors[0]);
  if (error instanceof Error && 'severity' in error) return error;
  return error instanceof Error && error.cause !== undefined ? rootCause(error.cause) : error;
}
