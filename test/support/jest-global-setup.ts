import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createLogger } from '../../src/platform/logger.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { withConnection } from '../../src/platform/postgres.ts';
import { urlOfDatabase } from './database-url.ts';
import { listNotProven, publishTestRun } from './test-run.ts';
import { readPostgresVersion, readRedisVersion, startTestPostgres, startTestRedis } from './test-servers.ts';

declare global {
  /** Left by the global setup for the global teardown, which runs in the same process. */
  var endTestRun: (() => Promise<void>) | undefined;
}

/** Finds or starts the servers of this run and migrates the template that every test database is a copy of. */
export default async function setUp(): Promise<void> {
  const logger = createLogger({ level: 'warn' });
  const postgres = await startTestPostgres(logger);
  const redis = await startTestRedis(logger);
  const runId = randomBytes(4).toString('hex');
  const template = `hookledger_template_${runId}`;
  const notProvenPath = join(tmpdir(), `hookledger-not-proven-${runId}.txt`);
  const appPassword = 'test-only';

  await withConnection(postgres.url, (client) => client.query(`create database ${template}`));
  await migrate(urlOfDatabase(postgres.url, template));
  // Roles belong to the whole server: this one serves every database of the run.
  await withConnection(postgres.url, (client) =>
    client.query(`alter role hookledger_app login password ${pg.escapeLiteral(appPassword)}`),
  );
  publishTestRun({ adminUrl: postgres.url, appPassword, template, redisUrl: redis?.url, notProvenPath });

  const used = [
    `PostgreSQL ${await readPostgresVersion(postgres.url)} from ${postgres.origin}`,
    redis === undefined ? 'no Redis' : `Redis ${await readRedisVersion(redis.url)} from ${redis.origin}`,
  ];
  globalThis.endTestRun = async () => {
    await withConnection(postgres.url, (client) => client.query(`drop database if exists ${template} with (force)`));
    await redis?.stop();
    await postgres.stop();
    const notProven = listNotProven(notProvenPath);
    await rm(notProvenPath, { force: true });
    console.log(`\ntests used: ${used.join(', ')}; not proven: ${notProven.join('; ') || 'nothing left out'}`);
  };
}
