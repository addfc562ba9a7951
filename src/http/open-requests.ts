import { setTimeout as pause } from 'node:timers/promises';
import type { RequestHandler, Response } from 'express';
import type { HttpMetrics } from '../platform/metrics.ts';
import { WorkCutError } from '../platform/shutdown.ts';

/** The requests that are being answered, those of probes apart: what a stop waits for. */
export type OpenRequests = Readonly<{
  /** Counts and measures every request; stands before everything else. */
  track: RequestHandler;
  /** True from the beginning of `drain` on: readiness says so, and every answer closes its connection. */
  isStopping(): boolean;
  /**
   * Requests are still answered, so that nobody is turned away while load balancers and clients learn to go elsewhere;
   * resolves at the first quiet moment after half a second, and within two, or within `deadlineMs`. Then the port may
   * close.
   */
  drain(deadlineMs: number): Promise<void>;
  /**
   * Resolves when those under way are answered; no new ones may come any more.
   * @throws WorkCutError when some are not within `deadlineMs`; they are cut off when the server is closed.
   */
  finish(deadlineMs: number): Promise<void>;
}>;

const probes = new Set(['/healthz', '/readyz', '/metrics']);
/** The next request of a connection in use comes within this time, and is told to close it. */
const DRAIN_MS = { least: 500, most: 2_000 };
const routes = new Set(['webhooks', 'v1', 'console']);

export function createOpenRequests({ metrics }: { metrics: HttpMetrics }): OpenRequests {
  let open = 0;
  let isStopping = false;
  let wasAsked = false;
  let onQuiet: () => void = () => undefined;

  /** Resolves when no request is under way, or the time is over. */
  async function quiet(ms: number): Promise<void> {
    if (open === 0) return;
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    onQuiet = over.resolve;
    await over.promise;
    clearTimeout(timer);
  }

  function end(response: Response, route: string, startedAt: number): void {
    open -= 1;
    if (open === 0) onQuiet();
    const status = response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted';
    metrics.requestEnded(route, status, performance.now() - startedAt);
  }

  return {
    track(request, response, next) {
      if (isStopping) response.setHeader('Connection', 'close');
      if (!probes.has(request.path)) {
        open += 1;
        wasAsked = true;
        const startedAt = performance.now();
        const route = request.path.split('/', 2)[1] ?? '';
        response.once('close', () => end(response, routes.has(route) ? route : 'other', startedAt));
      }
      next();
    },
    isStopping: () => isStopping,
    async drain(deadlineMs) {
      isStopping = true;
      // Nobody ever asked this process: nobody has to learn anything.
      if (!wasAsked) return;
      const least = Math.min(DRAIN_MS.least, deadlineMs);
      await pause(least);
      await quiet(Math.min(DRAIN_MS.most, deadlineMs) - least);
    },
    async finish(deadlineMs) {
      isStopping = true;
      await quiet(deadlineMs);
      if (open > 0) throw new WorkCutError(`${open} requests were not answered in time.`);
    },
  };
}
