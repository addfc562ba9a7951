import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPool } from '../../src/platform/postgres.ts';
import { createTenantResolver } from '../../src/tenants/tenant-resolver.ts';
import { setUpTenants } from './tenants-setup.ts';
import type { TenantsSetup } from './tenants-setup.ts';

const account = { provider: 'stripe', account: 'acct_1' };
const at = new Date('2026-03-01T12:00:00Z');

let setup: TenantsSetup;
beforeAll(async () => {
  setup = await setUpTenants();
  await setup.database.adminPool.query(
    `insert into hookledger.tenants (id, name) values ('tnt_a', 'A'), ('tnt_b', 'B')`,
  );
});
afterAll(() => setup.close());

async function addMapping(externalId: string, tenantId: string, from = '-infinity', to = 'infinity'): Promise<void> {
  await setup.database.adminPool.query(
    `insert into hookledger.account_mappings values ('stripe', 'acct_1', $1, $2, $3, $4, 1)`,
    [externalId, tenantId, from, to],
  );
}

describe('the tenant resolver', () => {
  test('finds the tenant of the first id that is mapped', async () => {
    await addMapping('cus_1', 'tnt_a');
    await addMapping('sub_1', 'tnt_b');
    const { resolve } = createTenantResolver(setup);
    expect(await resolve({ ...account, externalIds: ['none', 'cus_1', 'sub_1'], at })).toBe('tnt_a');
    expect(await resolve({ ...account, externalIds: ['sub_1', 'cus_1'], at })).toBe('tnt_b');
  });

  test('keeps providers and accounts apart', async () => {
    await addMapping('cus_apart', 'tnt_a');
    const { resolve } = createTenantResolver(setup);
    expect(await resolve({ provider: 'retell', account: 'acct_1', externalIds: ['cus_apart'], at })).toBeUndefined();
    expect(await resolve({ provider: 'stripe', account: 'acct_2', externalIds: ['cus_apart'], at })).toBeUndefined();
  });

  test('goes by the time at which the thing began, to the millisecond, also from its cache', async () => {
    await addMapping('cus_moved', 'tnt_a');
    await addMapping('cus_moved', 'tnt_b', '2026-03-01T12:00:00.001Z', '2026-04-01T00:00:00Z');
    const { resolve } = createTenantResolver(setup);
    const atTime = (time: string) => resolve({ ...account, externalIds: ['cus_moved'], at: new Date(time) });
    expect(await atTime('2026-03-01T12:00:00.000Z')).toBe('tnt_a');
    expect(await atTime('2026-03-01T12:00:00.001Z')).toBe('tnt_b');
    expect(await atTime('2026-03-31T23:59:59.999Z')).toBe('tnt_b');
    expect(await atTime('2026-04-01T00:00:00.000Z')).toBe('tnt_a');
    expect(await atTime('1970-01-01T00:00:00.000Z')).toBe('tnt_a');
  });

  test('finds a new mapping at once, and a changed one after a second', async () => {
    const { resolve } = createTenantResolver(setup);
    const thing = { ...account, externalIds: ['cus_new'], at };
    expect(await resolve(thing)).toBeUndefined();
    await addMapping('cus_new', 'tnt_a');
    expect(await resolve(thing)).toBe('tnt_a');
    await addMapping('cus_new', 'tnt_b', '2026-01-01T00:00:00Z');
    expect(await resolve(thing)).toBe('tnt_a');
    setup.moveClock(1_000);
    expect(await resolve(thing)).toBe('tnt_b');
  });

  test('asks once for everything that arrives together', async () => {
    const { resolve } = createTenantResolver(setup);
    const ids = Array.from({ length: 200 }, (_, index) => `cus_together_${index % 100}`);
    await Promise.all(ids.slice(0, 100).map((id) => addMapping(id, 'tnt_a')));
    let queries = 0;
    const count = () => {
      queries += 1;
    };
    setup.pool.on('acquire', count);
    const found = await Promise.all(ids.map((id) => resolve({ ...account, externalIds: [id], at })));
    setup.pool.off('acquire', count);
    expect(new Set(found)).toEqual(new Set(['tnt_a']));
    expect(queries).toBe(1);
  });

  test('lets an id that PostgreSQL could not hold spoil nothing for its neighbours', async () => {
    await addMapping('cus_healthy', 'tnt_a');
    const { resolve } = createTenantResolver(setup);
    const found = await Promise.all([
      resolve({ ...account, externalIds: ['nul\0'], at }),
      resolve({ ...account, externalIds: ['\ud800', 'cus_healthy'], at }),
      resolve({ ...account, externalIds: [], at }),
    ]);
    expect(found).toEqual([undefined, 'tnt_a', undefined]);
  });

  test('tells each of those who wait when the database is down, and works again when it is back', async () => {
    const pool = createPool({
      url: setup.database.appUrl,
      applicationName: 'short of time',
      max: 2,
      statementTimeoutMs: 100,
      idleInTransactionTimeoutMs: 1_000,
      logger: setup.logger,
    });
    const { resolve } = createTenantResolver({ pool, clock: setup.clock });
    await addMapping('cus_slow', 'tnt_a');
    const blocker = await setup.database.adminPool.connect();
    await blocker.query('begin; lock table hookledger.account_mappings in access exclusive mode');
    const thing = { ...account, externalIds: ['cus_slow'], at };
    const asked = await Promise.allSettled([resolve(thing), resolve({ ...thing, externalIds: ['cus_other'] })]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await blocker.query('commit');
    blocker.release();
    expect(await resolve(thing)).toBe('tnt_a');
    await pool.end();
  });
});
