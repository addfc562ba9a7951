import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { ParameterError } from '../../finance/parameter-error.ts';
import { ProblemError } from '../problem.ts';
import { readBody } from '../read-body.ts';

const LIMIT_BYTES = 100_000;

/**
 * The JSON body of a request, checked and in its own types.
 * @throws ProblemError for what is no JSON; ParameterError that names the first member at fault, also an unknown one.
 */
export async function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  request: IncomingMessage,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(parseJson((await readBody(request, LIMIT_BYTES)).toString('utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === 'unrecognized_keys') {
    throw new ParameterError([...path, issue.keys[0] ?? ''].join('.'), 'is no member of this body.');
  }
  throw new ParameterError(path.length === 0 ? 'body' : path.join('.'), `${issue?.message ?? 'is not valid'}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProblemError('bad_request', 'The body is no JSON.');
  }
}
