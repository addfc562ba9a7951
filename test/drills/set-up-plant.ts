import { randomBytes } from 'node:crypto';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool } from '../../src/platform/postgres.ts';
import { addAccountMapping } from '../../src/tenants/add-account-mapping.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { agentOf, customerOf } from './deliveries.ts';
import type { ProviderClientOptions } from './provider-client.ts';

const SECRETS = { retell: 'key_drill', stripe: 'whsec_drill' } as const;
const ACCOUNTS = { retell: 'org_drill', stripe: 'acct_drill' } as const;

/** Two sources and some tenants behind them, each with an agent and a customer. */
export async function setUpPlant(
  appUrl: string,
  tenants: number,
): Promise<{ masterKey: string; sources: ProviderClientOptions['sources'] }> {
  const logger = createLogger({ level: 'silent' });
  const masterKey = randomBytes(32);
  const orm = createOrm(appUrl, { logger });
  const pool = createPool({
    url: appUrl,
    applicationName: 'drill',
    max: 2,
    statementTimeoutMs: 10_000,
    idleInTransactionTimeoutMs: 5_000,
    logger,
  });
  try {
    const newSource = async (provider: 'retell' | 'stripe'): Promise<{ path: string; secret: string }> => {
      const source = { provider, account: ACCOUNTS[provider], secrets: [SECRETS[provider]], mode: 'test' as const };
      return { path: (await createSource({ orm, masterKey }, source)).path, secret: SECRETS[provider] };
    };
    const sources = { retell: await newSource('retell'), stripe: await newSource('stripe') };
    for (let tenant = 0; tenant < tenants; tenant += 1) {
      const { id: tenantId } = await createTenant({ orm }, { name: `Tenant ${tenant}` });
      for (const [provider, externalId] of [
        ['retell', agentOf(tenant)],
        ['stripe', customerOf(tenant)],
      ] as const) {
        await addAccountMapping(
          { pool, appendEvents, clock: systemClock, newId: uuidv7 },
          { provider, account: ACCOUNTS[provider], externalId, tenantId },
        );
      }
    }
    return { masterKey: masterKey.toString('base64'), sources };
  } finally {
    await pool.end();
    await orm.close(true);
  }
}
