import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { appendEvents } from '../../event-store/append-events.ts';
import { systemClock } from '../../platform/clock.ts';
import { uuidv7 } from '../../platform/ids.ts';
import type { Pool } from '../../platform/postgres.ts';
import { addAccountMapping } from '../../tenants/add-account-mapping.ts';
import { assignPricePlan } from '../../tenants/assign-price-plan.ts';
import { createApiKey } from '../../tenants/create-api-key.ts';
import { createSource } from '../../tenants/create-source.ts';
import { createTenant } from '../../tenants/create-tenant.ts';
import { definePricePlan } from '../../tenants/define-price-plan.ts';
import type { Orm } from '../../tenants/orm.ts';
import { newToken } from '../../tenants/new-id.ts';
import { DEMO_RANGE, DEMO_TENANTS, RETELL_ACCOUNT, STRIPE_ACCOUNT } from './demo-story.ts';

const setUpSchema = z.object({
  sources: z.object({
    retell: z.object({ path: z.string(), secret: z.string() }),
    stripe: z.object({ path: z.string(), secret: z.string() }),
  }),
  /** Tenant's name by its id. */
  tenants: z.record(z.string(), z.string()),
  financeKey: z.string(),
});

/** What the demo made at its first run, kept beside its data: the key and the secrets are told only once. */
export type DemoSetUp = z.infer<typeof setUpSchema>;

/** Tenants, sources, mappings, plans and a finance key: made at the first run, read at every later one. */
export async function setUpDemo(deps: {
  orm: Orm;
  pool: Pool;
  masterKey: string;
  dataDir: string;
}): Promise<DemoSetUp> {
  const path = join(deps.dataDir, 'demo.json');
  if (existsSync(path)) return setUpSchema.parse(JSON.parse(readFileSync(path, 'utf8')));

  const { orm, pool } = deps;
  const masterKey = Buffer.from(deps.masterKey, 'base64');
  const commands = { pool, appendEvents, clock: systemClock, newId: uuidv7 };
  const source = async (provider: 'retell' | 'stripe', account: string) => {
    const secret = provider === 'stripe' ? `whsec_${newToken()}` : `key_${newToken()}`;
    const made = await createSource({ orm, masterKey }, { provider, account, secrets: [secret], mode: 'test' });
    return { path: made.path, secret };
  };
  const sources = { retell: await source('retell', RETELL_ACCOUNT), stripe: await source('stripe', STRIPE_ACCOUNT) };
  const tenants: Record<string, string> = {};
  for (const tenant of DEMO_TENANTS) {
    const { id } = await createTenant({ orm }, { name: tenant.name });
    tenants[id] = tenant.name;
    await addAccountMapping(commands, {
      provider: 'retell',
      account: RETELL_ACCOUNT,
      externalId: tenant.agentId,
      tenantId: id,
    });
    await addAccountMapping(commands, {
      provider: 'stripe',
      account: STRIPE_ACCOUNT,
      externalId: tenant.customerId,
      tenantId: id,
    });
    await definePricePlan(commands, {
      name: `${tenant.name}'s plan`,
      ...tenant.plan,
      components: [...tenant.plan.components],
    });
    await assignPricePlan(commands, {
      planId: tenant.plan.planId,
      tenantId: id,
      validFrom: `${DEMO_RANGE.from}T00:00:00Z`,
    });
  }
  const { key } = await createApiKey({ orm }, { role: 'finance' });
  const made: DemoSetUp = { sources, tenants, financeKey: key };
  writeFileSync(path, JSON.stringify(made, undefined, 2), { mode: 0o600 });
  return made;
}
