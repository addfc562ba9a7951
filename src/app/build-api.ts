import { createRequireRole } from '../http/auth.ts';
import { createConsoleRouter } from '../http/console/console-router.ts';
import { createV1Router } from '../http/v1/v1-router.ts';
import { createIngestWebhook } from '../ingest/ingest-webhook.ts';
import { createNormalise } from '../ingest/normalise.ts';
import { createRejectionLog } from '../ingest/rejection-log.ts';
import { createWebhookRecorder } from '../ingest/webhook-recorder.ts';
import { systemClock } from '../platform/clock.ts';
import { uuidv7 } from '../platform/ids.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Pool } from '../platform/postgres.ts';
import { createAuthenticator } from '../tenants/authenticator.ts';
import type { Orm } from '../tenants/orm.ts';
import { createSourceCatalogue } from '../tenants/source-catalogue.ts';
import { createTenantResolver } from '../tenants/tenant-resolver.ts';
import type { AppSettings } from './app-settings.ts';
import { PROVIDERS } from './providers.ts';

type ApiDeps = Readonly<{
  settings: AppSettings;
  pools: Readonly<Record<'ingest' | 'query', Pool>>;
  orm: Orm;
  metrics: Metrics;
  onRecorded: () => void;
}>;

/** What the role `api` answers with. */
export function buildApi({ settings, pools, orm, metrics, onRecorded }: ApiDeps) {
  const { logger, bodyLimitBytes } = settings;
  const clock = systemClock;
  const masterKey = Buffer.from(settings.masterKey, 'base64');
  const rejections = createRejectionLog({ pool: pools.ingest, logger });
  const ingestWebhook = createIngestWebhook({
    providers: PROVIDERS,
    sources: createSourceCatalogue({ pool: pools.ingest, masterKey, clock }),
    tenants: createTenantResolver({ pool: pools.ingest, clock }),
    recorder: createWebhookRecorder({ pool: pools.ingest, logger, onRecorded, onBatch: metrics.batchRecorded }),
    rejections,
    clock,
    newId: uuidv7,
    logger,
  });
  const requireRole = createRequireRole({ authenticate: createAuthenticator({ orm, clock }) });
  return {
    webhooks: { ingestWebhook, rejections, bodyLimitBytes, unavailableStatus, clock, logger },
    v1Router: createV1Router({ pool: pools.query, requireRole, clock, onAppended: onRecorded }),
    consoleRouter: createConsoleRouter({
      pool: pools.query,
      orm,
      clock,
      newId: uuidv7,
      normalise: createNormalise(PROVIDERS),
      onAppended: onRecorded,
      providers: PROVIDERS.map(({ name }) => name),
    }),
  };
}

function unavailableStatus(name: string): 429 | 503 {
  return PROVIDERS.find((provider) => provider.name === name)?.unavailableStatus ?? 503;
}
