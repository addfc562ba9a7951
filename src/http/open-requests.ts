import type { RequestHandler, Response } from 'express';
import type { HttpMetrics } from '../platform/metrics.ts';
import { WorkCutError } from '../platform/shutdown.ts';
import { ProblemError, problemOf, sendProblem } from './problem.ts';

/** The requests that are being answered, those of probes apart: what a stop waits for. */
export type OpenRequests = Readonly<{
  /** Counts and measures every request; stands before everything else. */
  track: RequestHandler;
  /** True from the beginning of `finish` on: who is asked then refuses, and readiness says so. */
  isStopping(): boolean;
  /**
   * From now on new requests are refused; resolves when those under way are answered.
   * @throws WorkCutError when some are not within `deadlineMs`; they are cut off when the server is closed.
   */
  finish(deadlineMs: number): Promise<void>;
}>;

const probes = new Set(['/healthz', '/readyz', '/metrics']);
const routes = new Set(['webhooks', 'v1', 'console']);

export function createOpenRequests({ metrics }: { metrics: HttpMetrics }): OpenRequests {
  let open = 0;
  let isStopping = false;
  const allAnswered = Promise.withResolvers<void>();

  function end(response: Response, route: string, startedAt: number): void {
    open -= 1;
    if (isStopping && open === 0) allAnswered.resolve();
    const status = response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted';
    metrics.requestEnded(route, status, performance.now() - startedAt);
  }

  return {
    track(request, response, next) {
      if (!probes.has(request.path)) {
        open += 1;
        const startedAt = performance.now();
        const route = request.path.split('/', 2)[1] ?? '';
        response.once('close', () => end(response, routes.has(route) ? route : 'other', startedAt));
      }
      next();
    },
    isStopping: () => isStopping,
    async finish(deadlineMs) {
      isStopping = true;
      if (open === 0) return;
      const timer = setTimeout(allAnswered.resolve, deadlineMs);
      await allAnswered.promise;
      clearTimeout(timer);
      if (open > 0) throw new WorkCutError(`${open} requests were not answered in time.`);
    },
  };
}

/** What a stopping server says to a new request, so that its sender goes elsewhere or comes back. */
export function stoppingError(): ProblemError {
  return new ProblemError('stopping', 'This process is stopping. Nothing was recorded; send it again.');
}

export function refuseWhenStopping({ isStopping }: OpenRequests): RequestHandler {
  return (_request, response, next) => {
    if (isStopping()) sendProblem(response, problemOf(stoppingError()));
    else next();
  };
}
