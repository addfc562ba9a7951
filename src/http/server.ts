import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:http';
import express from 'express';
import type { RequestHandler, Router } from 'express';
import type { Logger } from '../platform/logger.ts';
import type { HttpMetrics } from '../platform/metrics.ts';
import { createHealthRouter } from './health.ts';
import type { ReadinessCheck } from './health.ts';
import { createMetricsRouter } from './metrics.ts';
import type { MetricsSource } from './metrics.ts';
import type { OpenRequests } from './open-requests.ts';
import { ProblemError, problemHandler } from './problem.ts';
import { createWebhookRouter } from './webhooks.ts';
import type { WebhookDeps } from './webhooks.ts';

export type ServerDeps = Readonly<{
  /** Left out in a process of another role: it tells its health and its metrics and nothing else. */
  api?: Readonly<{
    webhooks: Omit<WebhookDeps, 'metrics'>;
    /** Answers under `/v1`; it asks for keys itself. */
    v1Router: Router;
    /** Answers under `/console`; it asks for sessions itself. */
    consoleRouter: Router;
  }>;
  readiness: ReadinessCheck;
  metrics: Pick<HttpMetrics, 'webhookEnded'> & MetricsSource;
  openRequests: OpenRequests;
  logger: Logger;
}>;

/** Whoever dribbles headers or a body is cut off (408); long enough for any provider. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the 60 s of common load balancers: the one that keeps a connection longest must be the server. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How often Node looks for requests beyond their time; its own 30 s would double ours. */
const TIMEOUT_CHECK_MS = 2_000;

/** The whole HTTP interface, not yet listening; see `listen`. */
export function createServer(deps: ServerDeps): Server {
  const { api, readiness, metrics, openRequests, logger } = deps;
  const { isStopping } = openRequests;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(openRequests.track);
  // Before the headers that protect pages and documents: a provider's client renders nothing.
  if (api !== undefined) app.use(createWebhookRouter({ ...api.webhooks, metrics }));
  app.use(securityHeaders);
  app.use(createHealthRouter({ readiness, isStopping, logger }));
  app.use(createMetricsRouter(metrics));
  if (api !== undefined) {
    app.use('/v1', api.v1Router);
    app.use('/console', api.consoleRouter);
  }
  app.use((request) => {
    throw new ProblemError('not_found', `Nothing answers ${request.method} ${request.path} here.`);
  });
  app.use(problemHandler({ logger }));
  return createHttpServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    app,
  );
}

/** The strictest; the console sets its own content policy over it. */
const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  });
  next();
};
