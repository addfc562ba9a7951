import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { startLocalRedis } from '../../src/dev/local-redis.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { withConnection } from '../../src/platform/postgres.ts';
import type { BenchServers } from './bench.ts';

/** Servers of the bench's own, whatever the environment names: PostgreSQL with fsync on, Redis with its AOF. */
export async function startBenchServers(): Promise<BenchServers & { stop(): Promise<void> }> {
  const logger = createLogger({ level: 'warn' });
  const dataDir = mkdtempSync(join(tmpdir(), 'hookledger-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir, logger });
  const redis = await startLocalRedis({ dataDir, logger });
  if (redis === undefined) {
    await postgres.stop();
    throw new Error('The benches need redis-server or valkey-server on the PATH.');
  }
  let databases = 0;
  return {
    postgresVersion: postgres.version,
    redisVersion: redis.version,
    redisUrl: redis.url,
    async newDatabase() {
      databases += 1;
      const name = `bench_${databases}`;
      await withConnection(postgres.adminUrl, (client) => client.query(`create database ${name}`));
      const adminUrl = withDatabase(postgres.adminUrl, name);
      await migrate(adminUrl);
      await postgres.grantLogin();
      return { adminUrl, appUrl: withDatabase(postgres.appUrl, name) };
    },
    async stop() {
      await redis.stop();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
