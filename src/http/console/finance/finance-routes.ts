import { Router } from 'express';
import { requirePlatformSession } from '../session.ts';
import type { FinanceRouteDeps } from './finance-route-deps.ts';
import { decidePeriod, showPeriod, showPeriods } from './period-handlers.ts';
import { showOverview } from './show-overview.ts';
import { showReport } from './show-report.ts';
import { showStatement } from './show-statement.ts';
import { showTenant } from './show-tenant.ts';

/** Everything under /console/finance, for whoever may read money. */
export function createFinanceRouter(deps: FinanceRouteDeps): Router {
  const router = Router();
  router.get('/', showOverview(deps));
  router.get('/reports/*name', showReport(deps));
  router.get('/tenants/:id', showTenant(deps));
  router.get('/statements/:id', showStatement(deps));
  router.use('/periods', requirePlatformSession);
  router.get('/periods', showPeriods(deps));
  router.get('/periods/:period', showPeriod(deps));
  router.post('/periods/:period/close', decidePeriod(deps, 'close'));
  router.post('/periods/:period/reopen', decidePeriod(deps, 'reopen'));
  return router;
}
