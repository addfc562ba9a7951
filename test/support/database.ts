import { randomBytes } from 'node:crypto';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool, withConnection } from '../../src/platform/postgres.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { urlOfDatabase } from './database-url.ts';
import { readTestRun } from './test-run.ts';

export type TestDatabase = Readonly<{
  /** The owner of everything: sets the scene and looks past row-level security. */
  adminUrl: string;
  adminPool: Pool;
  /** The role that the application has: `hookledger_app`. */
  appUrl: string;
  pool: Pool;
  /** Ends both pools and whatever else is connected, and drops the database. */
  drop(): Promise<void>;
}>;

/** A database of its own for one test file, copied from the migrated template, or from another database. */
export async function createTestDatabase(from?: string): Promise<TestDatabase> {
  const run = readTestRun();
  const name = `hookledger_test_${randomBytes(6).toString('hex')}`;
  await withConnection(run.adminUrl, (client) =>
    client.query(`create database ${name} template ${from ?? run.template}`),
  );
  const adminUrl = urlOfDatabase(run.adminUrl, name);
  const appUrl = urlOfDatabase(run.adminUrl, name, { user: 'hookledger_app', password: run.appPassword });
  const adminPool = createTestPool(adminUrl);
  const pool = createTestPool(appUrl);
  return {
    adminUrl,
    adminPool,
    appUrl,
    pool,
    drop: async () => {
      await Promise.all([adminPool.end(), pool.end()]);
      await withConnection(run.adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

function createTestPool(url: string): Pool {
  return createPool({
    url,
    applicationName: 'hookledger test',
    max: 10,
    statementTimeoutMs: 30_000,
    idleInTransactionTimeoutMs: 10_000,
    connectTimeoutMs: 20_000,
    logger: createLogger({ level: 'silent' }),
  });
}
