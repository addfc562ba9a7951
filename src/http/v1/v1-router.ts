import { Router } from 'express';
import type { ErrorRequestHandler } from 'express';
import { ParameterError } from '../../finance/parameter-error.ts';
import { reports } from '../../finance/reports.ts';
import type { RequireRole } from '../auth.ts';
import { ProblemError } from '../problem.ts';
import { callsRoute } from './calls-route.ts';
import { projectionsRoute } from './projections-route.ts';
import { conflictsRoute } from './conflicts-route.ts';
import { deadLettersEventRoute } from './dead-letters-event-route.ts';
import { deadLettersListRoute } from './dead-letters-list-route.ts';
import { deadLettersRedriveRoute } from './dead-letters-redrive-route.ts';
import { eventRoute } from './event-route.ts';
import { eventsRoute } from './events-route.ts';
import { rejectionsRoute } from './rejections-route.ts';
import { closePeriodRoute, periodRoute, reopenPeriodRoute } from './period-routes.ts';
import { reportRoute } from './report-route.ts';
import type { RouteDeps } from './route-deps.ts';
import { issueStatementRoute, linkStatementRoute, previewStatementRoute, statementRoute } from './statement-routes.ts';
import { usageRoute } from './usage-route.ts';
import { webhookRoute } from './webhook-route.ts';
import { webhooksListRoute } from './webhooks-list-route.ts';

/**
 * Everything under /v1. A key of one tenant reads that tenant, and other ids do not exist for it. Only a POST changes
 * anything.
 */
export function createV1Router({ requireRole, ...deps }: RouteDeps & Readonly<{ requireRole: RequireRole }>): Router {
  const router = Router();
  const finance = requireRole('finance', 'admin');
  const machinery = requireRole('engineer', 'ops', 'admin');
  const anyone = requireRole('finance', 'engineer', 'ops', 'admin');
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/usage', finance, usageRoute(deps));
  router.get('/calls', finance, callsRoute(deps));
  for (const report of reports) router.get(`/${report.name}`, finance, reportRoute(report, deps));
  router.post('/statements', finance, issueStatementRoute(deps));
  router.post('/statements/preview', finance, previewStatementRoute(deps));
  router.get('/statements/:id', finance, statementRoute(deps));
  router.post('/statements/:id/invoice', finance, linkStatementRoute(deps));
  router.get('/periods/:period', finance, periodRoute(deps));
  router.post('/periods/:period/close', finance, closePeriodRoute(deps));
  router.post('/periods/:period/reopen', finance, reopenPeriodRoute(deps));
  router.get('/events', anyone, eventsRoute(deps));
  router.get('/events/:id', anyone, eventRoute(deps));
  router.get('/webhooks', anyone, webhooksListRoute(deps));
  router.get('/webhooks/:id', anyone, webhookRoute(deps));
  router.get('/conflicts', anyone, conflictsRoute(deps));
  router.get('/projections', machinery, projectionsRoute(deps));
  router.get('/rejections', machinery, rejectionsRoute(deps));
  router.get('/dead-letters', machinery, deadLettersListRoute(deps));
  router.get('/dead-letters/:eventId', machinery, deadLettersEventRoute(deps));
  router.post('/dead-letters/redrive', machinery, deadLettersRedriveRoute(deps));
  router.use(nameParameter);
  return router;
}

/** The queries know parameters, not HTTP; a program finds the name beside the text. */
const nameParameter: ErrorRequestHandler = (error, _request, _response, next) => {
  next(
    error instanceof ParameterError
      ? new ProblemError('bad_parameter', error.message, { parameter: error.parameter })
      : error,
  );
};
