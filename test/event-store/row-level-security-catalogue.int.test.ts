import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Tx } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { findUnprotected } from '../support/find-unprotected.ts';
import type { Unprotected } from '../support/find-unprotected.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const OF_ALL = 'has a policy that does not look at the tenant';

/** Each with its reason. Their `tenant_id` is a constant that no one's rows are told by. */
const EXCEPTIONS: readonly (Unprotected & Readonly<{ reason: string }>)[] = [
  { name: 'cost_rates', fault: OF_ALL, reason: 'what providers charge the platform; tenants have no right to read it' },
  { name: 'fx_rates', fault: OF_ALL, reason: 'rates of exchange are public, and the same for every tenant' },
  {
    name: 'price_plans',
    fault: OF_ALL,
    reason: 'a plan is of many tenants; a tenant sees those that are assigned to it',
  },
];

test('every table of the schema has forced row-level security and policies by tenant, but for what has a reason', async () => {
  const found = await findUnprotected(database.adminPool);
  expect(found).toEqual(EXCEPTIONS.map(({ name, fault }) => ({ name, fault })));
});

const OFF = 'row-level security is off';
const NOT_FORCED = 'row-level security is not forced';
const NO_POLICY = 'has no policy';

test.each<[string, string, readonly string[]]>([
  ['a table that was only created', 'create table hookledger.planted (tenant_id text)', [NO_POLICY, NOT_FORCED, OFF]],
  [
    'a table that its owner reads whole',
    `create table hookledger.planted (tenant_id text);
     alter table hookledger.planted enable row level security;
     create policy application on hookledger.planted to hookledger_app
       using (tenant_id = current_setting('hookledger.tenant', true))`,
    [NOT_FORCED],
  ],
  [
    'a table without a policy',
    `create table hookledger.planted (tenant_id text);
     alter table hookledger.planted enable row level security;
     alter table hookledger.planted force row level security`,
    [NO_POLICY],
  ],
  [
    'a table whose policy shows one tenant the others',
    `create table hookledger.planted (tenant_id text);
     alter table hookledger.planted enable row level security;
     alter table hookledger.planted force row level security;
     create policy application on hookledger.planted to hookledger_app using (true)`,
    [OF_ALL],
  ],
  [
    'a table whose policy is for everyone',
    `create table hookledger.planted (id text);
     alter table hookledger.planted enable row level security;
     alter table hookledger.planted force row level security;
     create policy application on hookledger.planted to hookledger_app using (true);
     create policy everyone on hookledger.planted using (true)`,
    ['has a policy for everyone'],
  ],
  [
    'a partition that is granted',
    `create table hookledger.planted partition of hookledger.job_attempts for values from (9000000000) to (9000000001);
     grant select on hookledger.planted to hookledger_app`,
    ['is a partition that is reached without its parent'],
  ],
  [
    'a view that reads with the rights of its owner',
    'create view hookledger.planted as select * from hookledger.events',
    ['is a view with the rights of its owner'],
  ],
  [
    'a view whose rows are a copy',
    'create materialized view hookledger.planted as select * from hookledger.events',
    ['is of a kind that has no row-level security'],
  ],
])('%s is found', async (_title, sql, faults) => {
  expect(await inRolledBack((tx) => findPlanted(tx, sql))).toEqual(faults.map((fault) => ({ name: 'planted', fault })));
});

test('a table with forced row-level security and a policy by tenant, and a view with the rights of who asks, pass', async () => {
  const sql = `create table hookledger.planted (tenant_id text);
    alter table hookledger.planted enable row level security;
    alter table hookledger.planted force row level security;
    create policy application on hookledger.planted to hookledger_app
      using ((select current_setting('hookledger.tenant', true)) = '*'
        or tenant_id = (select current_setting('hookledger.tenant', true)));
    create view hookledger.planted_view with (security_invoker = true) as select * from hookledger.planted`;
  expect(await inRolledBack((tx) => findPlanted(tx, sql))).toEqual([]);
});

async function findPlanted(tx: Tx, sql: string): Promise<readonly Unprotected[]> {
  await tx.query(sql);
  return (await findUnprotected(tx)).filter(({ name }) => name.startsWith('planted'));
}

async function inRolledBack<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await database.adminPool.connect();
  try {
    await client.query('begin');
    return await fn(client);
  } finally {
    await client.query('rollback');
    client.release();
  }
}
