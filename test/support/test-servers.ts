import { Redis } from 'ioredis';
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { startLocalRedis } from '../../src/dev/local-redis.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { withConnection } from '../../src/platform/postgres.ts';
import { isDockerAnswering } from './docker.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

/** A server for one test run, and where it came from. */
export type TestServer = Readonly<{ url: string; origin: string; stop(): Promise<void> }>;

/** TEST_DATABASE_URL, else a container where a Docker engine answers, else the embedded PostgreSQL. */
export async function startTestPostgres(logger: Logger): Promise<TestServer> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined) return { url: given, origin: 'TEST_DATABASE_URL', stop: async () => {} };
  return (await postgresContainer()) ?? (await embeddedPostgres(logger));
}

/** TEST_REDIS_URL, else a container where a Docker engine answers, else the machine's own program, else undefined. */
export async function startTestRedis(logger: Logger): Promise<TestServer | undefined> {
  const given = process.env['TEST_REDIS_URL'];
  if (given !== undefined) return { url: given, origin: 'TEST_REDIS_URL', stop: async () => {} };
  return (await redisContainer()) ?? (await localRedis(logger));
}

export async function readPostgresVersion(url: string): Promise<string> {
  return withConnection(url, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  });
}

export async function readRedisVersion(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    return /^(?:redis|valkey)_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? 'unknown';
  } finally {
    redis.disconnect();
  }
}

async function postgresContainer(): Promise<TestServer | undefined> {
  return fromDocker('PostgreSQL', async () => {
    const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
    // As many as the embedded one takes: two test files at once come close to PostgreSQL's usual 100.
    const command = ['postgres', '-c', 'max_connections=200'];
    const container = await new PostgreSqlContainer('postgres:18').withCommand(command).start();
    return {
      url: container.getConnectionUri(),
      origin: 'a container',
      stop: async () => void (await container.stop()),
    };
  });
}

async function redisContainer(): Promise<TestServer | undefined> {
  return fromDocker('Redis', async () => {
    const { GenericContainer } = await import('testcontainers');
    const command = ['redis-server', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'];
    const container = await new GenericContainer('redis:8').withCommand(command).withExposedPorts(6379).start();
    return {
      url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
      origin: 'a container',
      stop: async () => void (await container.stop()),
    };
  });
}

async function fromDocker(name: string, start: () => Promise<TestServer>): Promise<TestServer | undefined> {
  if (!(await isDockerAnswering())) return undefined;
  try {
    return await start();
  } catch (error) {
    console.warn(`A Docker engine answers, but gave no ${name} container; using another server:`, error);
    return undefined;
  }
}

async function embeddedPostgres(logger: Logger): Promise<TestServer> {
  const server = await inTemporaryDirectory((dataDir) => startEmbeddedPostgres({ dataDir, logger }));
  if (server === undefined) throw new Error('The embedded PostgreSQL gave no server.');
  return { ...server, url: server.adminUrl, origin: 'embedded-postgres' };
}

async function localRedis(logger: Logger): Promise<TestServer | undefined> {
  const server = await inTemporaryDirectory((dataDir) => startLocalRedis({ dataDir, logger }));
  return server === undefined ? undefined : { ...server, origin: 'this machine' };
}

/** The server that `start` starts on a directory of its own, which goes when the server stops or there is none. */
async function inTemporaryDirectory<T extends { stop(): Promise<void> }>(
  start: (dataDir: string) => Promise<T | undefined>,
): Promise<T | undefined> {
  const directory = createTemporaryDirectory();
  const server = await start(directory.path).catch((error: unknown) => {
    directory.remove();
    throw error;
  });
  if (server === undefined) {
    directory.remove();
    return undefined;
  }
  return { ...server, stop: () => server.stop().finally(() => directory.remove()) };
}
