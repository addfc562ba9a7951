import { Router } from 'express';
import type { Logger } from '../platform/logger.ts';

/** What this process needs and whether it has it, by name, such as `{ database: true, queues: false }`. */
export type ReadinessCheck = () => Promise<Readonly<Record<string, boolean>>>;

export type HealthDeps = Readonly<{
  readiness: ReadinessCheck;
  /** Once it is true, whoever spreads requests is to send them elsewhere. */
  isStopping: () => boolean;
  logger: Logger;
}>;

/**
 * `/healthz`: the process answers. `/readyz`: so does what it needs, else 503 with the names of what does not; 503
 * `stopping`, too, from the first signal to stop on.
 */
export function createHealthRouter({ readiness, isStopping, logger }: HealthDeps): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    if (isStopping()) {
      response.status(503).json({ status: 'stopping', checks: {} });
      return;
    }
    const checks = await readiness().catch((error: unknown) => {
      logger.error({ err: error }, 'readiness check failed');
      return { check: false };
    });
    const isReady = Object.values(checks).every(Boolean);
    response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'not ready', checks });
  });
  return router;
}
