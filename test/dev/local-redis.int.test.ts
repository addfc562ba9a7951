import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startLocalRedis } from '../../src/dev/local-redis.ts';
import type { LocalRedis } from '../../src/dev/local-redis.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createRedis } from '../../src/platform/redis.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { reportNotProven } from '../support/test-run.ts';

const logger = createLogger({ level: 'silent' });
let temporary: ReturnType<typeof createTemporaryDirectory>;

beforeEach(() => {
  temporary = createTemporaryDirectory();
});

afterEach(() => temporary.remove());

async function withServer(use: (server: LocalRedis) => Promise<void>): Promise<void> {
  const server = await startLocalRedis({ dataDir: temporary.path, logger });
  if (server === undefined) {
    reportNotProven('the local Redis (no redis-server or valkey-server here)');
    return;
  }
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

test('data and port survive a restart', async () => {
  let url: string | undefined;
  await withServer(async (server) => {
    url = server.url;
    const redis = createRedis({ url, purpose: 'producer', connectionName: 'test', logger });
    await redis.set('note', 'kept');
    await redis.quit();
  });
  await withServer(async (server) => {
    expect(server.url).toBe(url);
    const redis = createRedis({ url: server.url, purpose: 'producer', connectionName: 'test', logger });
    expect(await redis.get('note')).toBe('kept');
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    await redis.quit();
  });
});

test('a producer fails soon while Redis is away, and works again when it is back', async () => {
  await withServer(async (server) => {
    const redis = createRedis({ url: server.url, purpose: 'producer', connectionName: 'test', logger });
    await redis.set('note', 'kept');
    await server.stop();
    await expect(redis.get('note')).rejects.toThrow();
    await withServer(async () => expect(await redis.get('note')).toBe('kept'));
    redis.disconnect();
  });
});
