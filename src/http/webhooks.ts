import { Router } from 'express';
import type { Request, Response } from 'express';
import type { IngestResult, IngestWebhook } from '../ingest/ingest-webhook.ts';
import type { IncomingRequest } from '../ingest/provider.ts';
import type { RejectionLog } from '../ingest/rejection-log.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { HttpMetrics } from '../platform/metrics.ts';
import { ProblemError, problemOf, sendProblem } from './problem.ts';
import type { Problem } from './problem.ts';
import { readBody, SenderGoneError } from './read-body.ts';
import { refuseAndClose } from './refuse-and-close.ts';

export type WebhookDeps = Readonly<{
  ingestWebhook: IngestWebhook;
  rejections: Pick<RejectionLog, 'record'>;
  bodyLimitBytes: number;
  /** What this provider is answered when the event store can not take its webhook. */
  unavailableStatus: (provider: string) => 429 | 503;
  /** Once it is true, new webhooks are refused. */
  metrics: Pick<HttpMetrics, 'webhookEnded'>;
  clock: Clock;
  logger: Logger;
}>;

type Address = Readonly<{ provider: string; sourceId: string }>;

/** How one request ended, for its one line in the log. */
type Ending = Readonly<{ outcome: string; status?: number; webhookId?: string; err?: unknown }>;

/** `POST /webhooks/:provider/:source`: 202 after the commit, else a problem; see the table in `problem.ts`. */
export function createWebhookRouter(deps: WebhookDeps): Router {
  const router = Router();
  router.post('/webhooks/:provider/:source', async (request, response) => {
    const startedAt = performance.now();
    const address = { provider: request.params.provider, sourceId: request.params.source };
    const ending = await takeWebhook(deps, request, response, address);
    deps.metrics.webhookEnded(address.provider, ending.outcome);
    const line = { ...address, ...ending, durationMs: Math.round((performance.now() - startedAt) * 100) / 100 };
    if (ending.err !== undefined) deps.logger.error(line, 'webhook');
    else deps.logger.info(line, 'webhook');
  });
  router.all('/webhooks/:provider/:source', (_request, response) => {
    response.set('Allow', 'POST');
    throw new ProblemError('method_not_allowed', 'Webhooks are sent with POST.');
  });
  return router;
}

async function takeWebhook(deps: WebhookDeps, request: Request, response: Response, address: Address): Promise<Ending> {
  const incoming: Omit<IncomingRequest, 'body'> = {
    method: request.method,
    url: request.originalUrl,
    headers: headersOf(request.rawHeaders),
    receivedAt: deps.clock.now(),
  };
  try {
    const body = await readBody(request, deps.bodyLimitBytes);
    return answer(response, await deps.ingestWebhook({ ...incoming, body }, address));
  } catch (error) {
    if (error instanceof SenderGoneError) return { outcome: 'sender-gone' };
    const problem = problemOf(error);
    if (error instanceof ProblemError && error.code === 'body_too_large') {
      // Of a body that was not read whole there is nothing worth keeping.
      deps.rejections.record({ request: { ...incoming, body: Buffer.alloc(0) }, address, cause: 'body-too-large' });
      refuseAndClose(request, response, problem);
      return { outcome: 'body-too-large', status: problem.status };
    }
    if (problem.status >= 500 && deps.unavailableStatus(address.provider) === 429) {
      // This provider gives up on a 5xx for good, and comes back only after a 429.
      const busy = problemOf(new ProblemError('overloaded', 'Nothing was recorded; send it again.'));
      sendProblem(response, busy);
      return { outcome: 'overloaded', status: busy.status, err: error };
    }
    sendProblem(response, problem);
    if (error instanceof ProblemError) return { outcome: error.code, status: problem.status };
    return { outcome: 'failed', status: problem.status, err: error };
  }
}

function answer(response: Response, result: IngestResult): Ending {
  if (result.kind === 'recorded') {
    const { outcome, webhookId, answer: expected } = result;
    const { status, contentType, body } = expected ?? {
      status: 202,
      contentType: 'application/json',
      body: JSON.stringify({ status: outcome, id: webhookId }),
    };
    // Some answers have no room for it in their body, or no body.
    response.setHeader('Hookledger-Outcome', outcome);
    response.setHeader('Hookledger-Webhook', webhookId);
    send(response, status, contentType ?? 'text/plain', body);
    return { outcome, status, webhookId };
  }
  const problem = refusal(result.cause);
  sendProblem(response, problem);
  return { outcome: result.cause, status: problem.status };
}

/** Straight to the socket: what Express adds on the way (a type look-up, an etag) took a tenth of the route's time. */
function send(response: Response, status: number, contentType: string, body: string | undefined): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  const headers = { 'Content-Type': `${contentType}; charset=utf-8`, 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, headers).end(body);
}

/** One text for every signature fault: the cause would help a forger. It is in the log and in the rejection's record. */
function refusal(cause: Extract<IngestResult, { kind: 'rejected' }>['cause']): Problem {
  return problemOf(
    cause === 'unknown-source'
      ? new ProblemError('unknown_source', 'No source has this address. `hookledger sources list` shows the addresses.')
      : new ProblemError('signature_refused', 'The signature was refused.'),
  );
}

/** Names in lower case; a header that came twice holds both values, which Node's own map would join or drop. */
function headersOf(rawHeaders: readonly string[]): IncomingRequest['headers'] {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return Object.fromEntries(headers);
}
