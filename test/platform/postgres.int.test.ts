import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool, TransactionAbortedError, withTransaction } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

const everyone = { tenant: '*' };
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.adminPool.query('create table note (text text not null)');
});

afterAll(() => database.drop());

beforeEach(() => database.adminPool.query('truncate note'));

async function notes(): Promise<string[]> {
  const { rows } = await database.adminPool.query<{ text: string }>('select text from note order by text');
  return rows.map(({ text }) => text);
}

describe('a transaction', () => {
  test('commits when its function returns, and hands the result on', async () => {
    const result = await withTransaction(database.adminPool, everyone, async (tx) => {
      await tx.query(`insert into note values ('kept')`);
      return 42;
    });
    expect(result).toBe(42);
    expect(await notes()).toEqual(['kept']);
  });

  test('rolls back when its function throws, and throws the same', async () => {
    const cause = new Error('changed my mind');
    const attempt = withTransaction(database.adminPool, everyone, async (tx) => {
      await tx.query(`insert into note values ('lost')`);
      throw cause;
    });
    await expect(attempt).rejects.toBe(cause);
    expect(await notes()).toEqual([]);
  });

  test('does not pass for committed when a failed statement in it was ignored', async () => {
    const attempt = withTransaction(database.adminPool, everyone, async (tx) => {
      await tx.query(`insert into note values ('lost')`);
      await tx.query('select 1 / 0').catch(() => undefined);
    });
    await expect(attempt).rejects.toThrow(TransactionAbortedError);
    expect(await notes()).toEqual([]);
  });

  test('tells row-level security its tenant, and forgets it at its end', async () => {
    const pool = createOnePool({});
    const tenantOf = `select current_setting('hookledger.tenant', true) as tenant`;
    const inside = await withTransaction(pool, { tenant: 'acme' }, (tx) => tx.query<{ tenant: string }>(tenantOf));
    const after = await pool.query<{ tenant: string | null }>(tenantOf);
    await pool.end();
    expect(inside.rows[0]?.tenant).toBe('acme');
    expect(after.rows[0]?.tenant ?? '').toBe('');
  });

  test('fails when its connection dies between two statements, and the pool goes on', async () => {
    const pool = createOnePool({});
    const attempt = withTransaction(pool, everyone, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await database.adminPool.query('select pg_terminate_backend($1::int, 5000)', [rows[0]?.pid]);
      await tx.query('select 1');
    });
    await expect(attempt).rejects.toThrow();
    expect((await pool.query<{ one: number }>('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });
});

describe('a pool', () => {
  test('takes its role and its time limits at connecting', async () => {
    const pool = createOnePool({ role: 'hookledger_app', statementTimeoutMs: 1234, idleInTransactionTimeoutMs: 2000 });
    const { rows } = await pool.query(
      `select current_user, current_setting('statement_timeout') as statement,
              current_setting('idle_in_transaction_session_timeout') as idle`,
    );
    await pool.end();
    expect(rows).toEqual([{ current_user: 'hookledger_app', statement: '1234ms', idle: '2s' }]);
  });

  test.each([
    ['2026-11-24 12:00:00.123456+00', '2026-11-24T12:00:00.123Z'],
    ['2026-11-24 12:00:00+00', '2026-11-24T12:00:00.000Z'],
    ['2026-11-24 14:00:00+02', '2026-11-24T12:00:00.000Z'],
    ['0044-03-15 12:00:00+00 BC', '-000043-03-15T12:00:00.000Z'],
  ])('reads the instant %s', async (text, instant) => {
    const { rows } = await database.pool.query<{ instant: Date }>('select $1::timestamptz as instant', [text]);
    expect(rows[0]?.instant.toISOString()).toBe(instant);
  });

  test('reads exact numbers and dates as text, instants as Date', async () => {
    const { rows } = await database.adminPool.query(
      `select 9007199254740993::bigint as big, 0.1::numeric as exact, '{1.10,2}'::numeric[] as many,
              '{9007199254740993}'::bigint[] as bigs, '2026-11-24'::date as day,
              '2026-11-24T00:00:00Z'::timestamptz as instant`,
    );
    expect(rows).toEqual([
      {
        big: '9007199254740993',
        exact: '0.1',
        many: ['1.10', '2'],
        bigs: ['9007199254740993'],
        day: '2026-11-24',
        instant: new Date('2026-11-24T00:00:00Z'),
      },
    ]);
  });
});

function createOnePool(options: { role?: string; statementTimeoutMs?: number; idleInTransactionTimeoutMs?: number }) {
  return createPool({
    url: database.adminUrl,
    applicationName: 'hookledger test',
    max: 1,
    statementTimeoutMs: 0,
    idleInTransactionTimeoutMs: 0,
    logger: createLogger({ level: 'silent' }),
    ...options,
  });
}
