import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '../platform/logger.ts';
import { isDatabaseUnavailable } from './database-unavailable.ts';
import { errorCode } from './error-code.ts';

type Meaning = Readonly<{
  status: number;
  /** Said instead of the error's own message, where that is not for everybody's eyes. */
  detail?: string;
  headers?: Readonly<Record<string, string>>;
}>;

/** The one table from the `code` of a typed error to its answer; a code that is not in it is a fault of ours. */
const meanings = {
  bad_parameter: { status: 400 },
  bad_request: { status: 400 },
  invalid_command: { status: 400 },
  unreadable_body: { status: 400 },
  unauthenticated: { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } },
  signature_refused: { status: 401, headers: { 'WWW-Authenticate': 'Signature' } },
  forbidden: { status: 403 },
  not_found: { status: 404 },
  unknown_source: { status: 404 },
  unknown_tenant: { status: 404 },
  unknown_price_plan: { status: 404 },
  unknown_api_key: { status: 404 },
  method_not_allowed: { status: 405 },
  tenant_name_taken: { status: 409 },
  source_exists: { status: 409 },
  mapping_conflict: { status: 409 },
  price_plan_immutable: { status: 409 },
  period_state: { status: 409 },
  statement_state: { status: 409 },
  statement_refused: { status: 409 },
  unknown_statement: { status: 404 },
  period_not_ready: { status: 409 },
  body_too_large: { status: 413, headers: { Connection: 'close' } },
  unsupported_encoding: { status: 415 },
  overloaded: { status: 429, headers: { 'Retry-After': '30' } },
  internal_error: {
    status: 500,
    detail: 'Something failed on our side; it is in the log. The request may be sent again.',
  },
  store_unavailable: {
    status: 503,
    detail: 'The database did not answer in time. Nothing was acknowledged; send it again.',
    headers: { 'Retry-After': '5' },
  },
} as const satisfies Readonly<Record<string, Meaning>>;

export type ProblemCode = keyof typeof meanings;

/** For what only HTTP knows of. `members` are added to the problem, such as the name of a bad parameter. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, detail: string, members: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.code = code;
    this.members = members;
  }
}

export type Problem = Readonly<{
  status: number;
  headers: Readonly<Record<string, string>>;
  /** RFC 9457, as JSON. */
  body: string;
}>;

export function problemOf(error: unknown): Problem {
  const code = codeOf(error);
  const { status, detail, headers = {} }: Meaning = meanings[code];
  const body = JSON.stringify({
    ...(error instanceof ProblemError ? error.members : {}),
    ...(error instanceof Error && 'parameter' in error ? { parameter: error.parameter } : {}),
    type: `urn:hookledger:problem:${code}`,
    title: STATUS_CODES[status],
    status,
    detail: detail ?? (error instanceof Error ? error.message : code),
    code,
  });
  return { status, headers: { ...headers, 'Content-Type': 'application/problem+json' }, body };
}

/** Express's last handler: every error becomes a problem; one that nobody expected is logged whole and told in a fixed text. */
export function problemHandler({ logger }: { logger: Logger }): ErrorRequestHandler {
  return (error, request, response, next) => {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      logger.error(
        { err: error, method: request.method, path: request.path, status: problem.status },
        'request failed',
      );
    }
    // Half an answer is out; Express then breaks the connection, so that nobody takes it for a whole one.
    if (response.headersSent) next(error);
    else sendProblem(response, problem);
  };
}

export function sendProblem(response: Response, { status, headers, body }: Problem): void {
  response.status(status).set(headers).end(body);
}

function codeOf(error: unknown): ProblemCode {
  if (isDatabaseUnavailable(error)) return 'store_unavailable';
  // What the path of a URL says was percent-encoded wrongly.
  if (error instanceof URIError) return 'bad_request';
  const code = errorCode(error);
  return code !== undefined && isProblemCode(code) ? code : 'internal_error';
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(meanings, code);
}
