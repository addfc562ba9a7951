import { Router } from 'express';

/** What `/metrics` shows, in a format that Prometheus reads. */
export type MetricsSource = Readonly<{ contentType: string; render(): Promise<string> }>;

/** `/metrics`: for whoever may reach this port, since it names no tenant and no secret. */
export function createMetricsRouter({ contentType, render }: MetricsSource): Router {
  const router = Router();
  router.get('/metrics', async (_request, response) => {
    response.type(contentType).send(await render());
  });
  return router;
}
