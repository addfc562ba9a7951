import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import type { Tx } from '../../src/platform/postgres.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { webhookRecord } from '../support/webhook-record.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.adminPool.query(`insert into hookledger.tenants (id, name) values ('tnt_a', 'A'), ('tnt_b', 'B')`);
  for (const tenant of ['a', 'b']) {
    await recordWebhooks(database.pool, [webhookRecord({ key: tenant, calls: [tenant], tenantId: `tnt_${tenant}` })]);
  }
});
afterAll(() => database.drop());

const TABLES = ['tenants', 'webhooks', 'events', 'outbox', 'streams', 'lanes'];

async function visible(tx: Tx): Promise<Record<string, readonly string[]>> {
  const seen: Record<string, readonly string[]> = {};
  for (const table of TABLES) {
    const column = table === 'tenants' ? 'id' : 'tenant_id';
    const { rows } = await tx.query<{ tenant: string }>(
      `select distinct ${column} as tenant from hookledger.${table} order by 1`,
    );
    seen[table] = rows.map(({ tenant }) => tenant);
  }
  return seen;
}

describe('row-level security', () => {
  test('shows the application every tenant in the platform’s own scope, one in a tenant’s, none without', async () => {
    const all = await withTransaction(database.pool, { tenant: '*' }, visible);
    for (const table of TABLES) expect(all[table]).toEqual(expect.arrayContaining(['tnt_a', 'tnt_b']));
    const one = await withTransaction(database.pool, { tenant: 'tnt_a' }, visible);
    for (const table of TABLES) expect(one[table]).toEqual(['tnt_a']);
    const none = await withTransaction(database.pool, { tenant: '' }, visible);
    for (const table of TABLES) expect(none[table]).toEqual([]);
  });

  test('keeps the tenant role to one tenant, whatever scope it names, and away from bodies and personal data', async () => {
    const asTenant = <T>(scope: string, fn: (tx: Tx) => Promise<T>) =>
      withTransaction(database.pool, { tenant: scope }, async (tx) => {
        await tx.query('set local role hookledger_tenant');
        return fn(tx);
      });
    const events = (tx: Tx) =>
      tx.query<{ tenant_id: string }>('select distinct tenant_id from hookledger.events').then(({ rows }) => rows);
    expect(await asTenant('tnt_b', events)).toEqual([{ tenant_id: 'tnt_b' }]);
    expect(await asTenant('*', events)).toEqual([]);
    for (const sql of [
      'select body from hookledger.webhooks',
      'select headers from hookledger.webhooks',
      'select personal from hookledger.events',
      'select secrets from hookledger.sources',
      'select key_hash from hookledger.api_keys',
      'select from hookledger.outbox',
      'select from hookledger.dedupe',
    ]) {
      await expect(asTenant('tnt_b', (tx) => tx.query(sql))).rejects.toMatchObject({ code: '42501' });
    }
  });
});
