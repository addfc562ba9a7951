import { randomBytes } from 'node:crypto';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import type { IngestResult, IngestWebhook } from '../../src/ingest/ingest-webhook.ts';
import { createIngestWebhook } from '../../src/ingest/ingest-webhook.ts';
import { retell } from '../../src/ingest/providers/retell.ts';
import { stripe } from '../../src/ingest/providers/stripe.ts';
import type { RejectionLog } from '../../src/ingest/rejection-log.ts';
import { createRejectionLog } from '../../src/ingest/rejection-log.ts';
import { createWebhookRecorder } from '../../src/ingest/webhook-recorder.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { invoicesProjection } from '../../src/projections/invoices-projection.ts';
import { paymentsProjection } from '../../src/projections/payments-projection.ts';
import { createProjectionRunner } from '../../src/projections/run-projection.ts';
import { usageProjection } from '../../src/projections/usage-projection.ts';
import { addAccountMapping } from '../../src/tenants/add-account-mapping.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { createSourceCatalogue } from '../../src/tenants/source-catalogue.ts';
import { createTenantResolver } from '../../src/tenants/tenant-resolver.ts';
import type { TestDatabase } from './database.ts';

type BenchProvider = 'stripe' | 'retell';

/** The ingest as the application builds it, with one source for each provider, one tenant and folds on demand. */
export type IngestBench = Readonly<{
  tenantId: string;
  sources: Readonly<Record<BenchProvider, string>>;
  rejections: RejectionLog;
  /** Signs the body now and ingests it. `through` chooses one of two separate recorders, as of two processes. */
  receive(
    provider: BenchProvider,
    body: object | Buffer,
    options?: { through?: 0 | 1; secret?: string },
  ): Promise<IngestResult>;
  /** Names of accounts that belong to the tenant from now on. */
  map(provider: BenchProvider, externalId: string): Promise<void>;
  /** Moves the mark and folds until every read model has reached it. */
  fold(): Promise<void>;
  close(): Promise<void>;
}>;

const SECRETS = { stripe: 'whsec_bench', retell: 'key_bench' } as const;
const ACCOUNTS = { stripe: 'acct_bench', retell: 'org_bench' } as const;

export async function createIngestBench({ pool, appUrl }: TestDatabase): Promise<IngestBench> {
  const logger = createLogger({ level: 'silent' });
  const orm = createOrm(appUrl, { logger });
  const masterKey = randomBytes(32);
  const clock = systemClock;
  const { id: tenantId } = await createTenant({ orm }, { name: 'Bench' });
  const newSource = async (provider: BenchProvider): Promise<string> =>
    (
      await createSource(
        { orm, masterKey },
        { provider, account: ACCOUNTS[provider], secrets: [SECRETS[provider]], mode: 'test' },
      )
    ).id;
  const sources = { stripe: await newSource('stripe'), retell: await newSource('retell') };
  const rejections = createRejectionLog({ pool, logger });
  const newIngest = (): IngestWebhook =>
    createIngestWebhook({
      providers: [stripe, retell],
      sources: createSourceCatalogue({ pool, masterKey, clock }),
      tenants: createTenantResolver({ pool, clock }),
      recorder: createWebhookRecorder({ pool, logger, onRecorded: () => undefined }),
      rejections,
      clock,
      newId: uuidv7,
      logger,
    });
  const ingests = [newIngest(), newIngest()] as const;
  const tracker = createHighWaterMarkTracker({ pool, logger, owner: 'bench' });
  const runners = [usageProjection, paymentsProjection, invoicesProjection].map((projection) =>
    createProjectionRunner({ pool, projection, logger, clock, batchSize: 100 }),
  );
  return {
    tenantId,
    sources,
    rejections,
    receive(provider, given, { through = 0, secret = SECRETS[provider] } = {}) {
      const body = Buffer.isBuffer(given) ? given : Buffer.from(JSON.stringify(given));
      const signed = signWebhook(provider, body, secret, Date.now());
      const url = `/webhooks/${provider}/${sources[provider]}`;
      const headers = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, [value]]));
      return ingests[through](
        { method: 'POST', url, headers, body, receivedAt: new Date() },
        { provider, sourceId: sources[provider] },
      );
    },
    async map(provider, externalId) {
      await addAccountMapping(
        { pool, appendEvents, clock, newId: uuidv7 },
        { provider, account: ACCOUNTS[provider], externalId, tenantId },
      );
    },
    async fold() {
      await tracker.tick();
      for (const runner of runners) while ((await runner.tick()).moved) continue;
    },
    async close() {
      await rejections.close();
      await tracker.close();
      await orm.close(true);
    },
  };
}
