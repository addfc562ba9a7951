import { generateKeyPairSync } from 'node:crypto';
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
import { setCostRate } from '../../tenants/set-cost-rate.ts';
import type { DemoProvider } from './demo-story.ts';
import { BOOKS_ACCOUNT, BOOKS_MONTH, DEMO_ACCOUNTS, DEMO_RANGE, DEMO_TENANTS, TEXT_RATE } from './demo-story.ts';

const sourceSchema = z.object({
  path: z.string(),
  secret: z.string(),
  /** The address as the provider knows it; Twilio signs it. */
  publicUrl: z.string(),
});
const setUpSchema = z.object({
  sources: z.object({ retell: sourceSchema, stripe: sourceSchema, twilio: sourceSchema, gohighlevel: sourceSchema }),
  /** Of the month that is closed, in live mode. */
  books: sourceSchema,
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
  if (existsSync(path)) return readSetUp(path);

  const { orm, pool } = deps;
  const masterKey = Buffer.from(deps.masterKey, 'base64');
  const commands = { pool, appendEvents, clock: systemClock, newId: uuidv7 };
  const source = async (provider: DemoProvider) => {
    const { secret, publicKey } = newSecret(provider);
    const { path: at } = await createSource(
      { orm, masterKey },
      { provider, account: DEMO_ACCOUNTS[provider], secrets: [secret], publicKey, publicUrl: PUBLIC_URL, mode: 'test' },
    );
    return { path: at, secret, publicUrl: PUBLIC_URL };
  };
  const sources = {
    retell: await source('retell'),
    stripe: await source('stripe'),
    twilio: await source('twilio'),
    gohighlevel: await source('gohighlevel'),
  };
  const bookSecret = newSecret('retell').secret;
  const books = {
    ...(await createSource(
      { orm, masterKey },
      { provider: 'retell', account: BOOKS_ACCOUNT, secrets: [bookSecret], publicUrl: PUBLIC_URL, mode: 'live' },
    )),
    secret: bookSecret,
    publicUrl: PUBLIC_URL,
  };
  await setCostRate(commands, { provider: 'twilio', ...TEXT_RATE, validFrom: `${DEMO_RANGE.from}T00:00:00Z` });
  const tenants: Record<string, string> = {};
  for (const tenant of DEMO_TENANTS) {
    const { id } = await createTenant({ orm }, { name: tenant.name });
    tenants[id] = tenant.name;
    for (const [provider, externalId] of [
      ['retell', tenant.agentId],
      ['stripe', tenant.customerId],
      ['twilio', tenant.number],
      ['gohighlevel', tenant.locationId],
    ] as const) {
      await addAccountMapping(commands, { provider, account: DEMO_ACCOUNTS[provider], externalId, tenantId: id });
    }
    await addAccountMapping(commands, {
      provider: 'retell',
      account: BOOKS_ACCOUNT,
      externalId: tenant.agentId,
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
      validFrom: `${BOOKS_MONTH}-01T00:00:00Z`,
    });
  }
  const { key } = await createApiKey({ orm }, { role: 'finance' });
  const made: DemoSetUp = {
    sources,
    books: { path: books.path, secret: books.secret, publicUrl: books.publicUrl },
    tenants,
    financeKey: key,
  };
  writeFileSync(path, JSON.stringify(made, undefined, 2), { mode: 0o600 });
  return made;
}

/** Where the providers would find us; nothing is sent there. */
const PUBLIC_URL = 'https://hooks.demo.example';

/** GoHighLevel signs with a key of its own: the demo plays its part with a pair made here. */
function newSecret(provider: DemoProvider): { secret: string; publicKey?: string } {
  if (provider !== 'gohighlevel') return { secret: `${provider === 'stripe' ? 'whsec' : 'key'}_${newToken()}` };
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    secret: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
}

function readSetUp(path: string): DemoSetUp {
  const { data } = setUpSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (data === undefined)
    throw new Error(`${path} is of another version of the demo. Delete its directory and start anew.`);
  return data;
}
