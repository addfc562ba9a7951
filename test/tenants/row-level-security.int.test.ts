import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withTransaction } from '../../src/platform/postgres.ts';
import type { Tx } from '../../src/platform/postgres.ts';
import { createApiKey } from '../../src/tenants/create-api-key.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { setUpTenants } from './tenants-setup.ts';
import type { TenantsSetup } from './tenants-setup.ts';

const tables = ['tenants', 'sources', 'api_keys'] as const;

let setup: TenantsSetup;
let mine: string;
let theirs: string;

beforeAll(async () => {
  setup = await setUpTenants();
  const make = async (name: string): Promise<string> => {
    const { id } = await createTenant(setup, { name });
    await createSource(setup, { provider: 'stripe', account: name, secrets: ['s'], defaultTenantId: id });
    await createApiKey(setup, { role: 'finance', tenantId: id });
    return id;
  };
  mine = await make('mine');
  theirs = await make('theirs');
  await createApiKey(setup, { role: 'admin' });
});
afterAll(() => setup.close());

/** Whose rows a query of the table finds. */
async function owners(tx: Pick<Tx, 'query'>, table: (typeof tables)[number]): Promise<(string | null)[]> {
  const column = table === 'tenants' ? 'id' : 'tenant_id';
  const { rows } = await tx.query<{ owner: string | null }>(
    `select distinct ${column} as owner from hookledger.${table} order by 1`,
  );
  return rows.map(({ owner }) => owner);
}

describe.each(tables)('row-level security on %s', (table) => {
  test('shows a transaction of one tenant its own rows only', async () => {
    const seen = await withTransaction(setup.pool, { tenant: mine }, (tx) => owners(tx, table));
    expect(seen).toEqual([mine]);
  });

  test('shows nothing to a query without a scope, also on a connection that had one', async () => {
    await withTransaction(setup.pool, { tenant: '*' }, (tx) => owners(tx, table));
    expect(await owners(setup.pool, table)).toEqual([]);
  });

  test('shows every row to the platform itself', async () => {
    const seen = await withTransaction(setup.pool, { tenant: '*' }, (tx) => owners(tx, table));
    expect(seen).toEqual(expect.arrayContaining([mine, theirs]));
  });

  test('lets a transaction of one tenant change nothing of another', async () => {
    const column = table === 'tenants' ? 'id' : 'tenant_id';
    const deleted = await withTransaction(setup.pool, { tenant: mine }, (tx) =>
      tx.query(`delete from hookledger.${table} where ${column} = $1`, [theirs]),
    );
    expect(deleted.rowCount).toBe(0);
  });
});

describe('row-level security', () => {
  test('lets a transaction of one tenant write no row of another', async () => {
    const written = withTransaction(setup.pool, { tenant: mine }, (tx) =>
      tx.query(
        `insert into hookledger.sources (id, provider, account, mode, books, default_tenant_id)
        values ('src_x', 'stripe', 'x', 'live', 'platform', $1)`,
        [theirs],
      ),
    );
    await expect(written).rejects.toThrow(/row-level security/);
  });

  test.each(['sources', 'api_keys', 'sign_in_links', 'console_sessions'])(
    'lets the role of tenants not read %s at all',
    async (table) => {
      const read = withTransaction(setup.pool, { tenant: mine }, async (tx) => {
        await tx.query('set local role hookledger_tenant');
        return tx.query(`select from hookledger.${table}`);
      });
      await expect(read).rejects.toThrow(/permission denied/);
    },
  );

  test('shows the role of tenants its own tenant, and never all of them', async () => {
    const seenBy = (tenant: string) =>
      withTransaction(setup.pool, { tenant }, async (tx) => {
        await tx.query('set local role hookledger_tenant');
        return owners(tx, 'tenants');
      });
    expect(await seenBy(mine)).toEqual([mine]);
    expect(await seenBy('*')).toEqual([]);
  });
});
