import { chmodSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import type { EmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { startLocalRedis } from '../../src/dev/local-redis.ts';
import type { LocalRedis } from '../../src/dev/local-redis.ts';
import { findRunningProcess } from '../../src/dev/running-process.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { migrate } from '../../src/platform/migrate.ts';

/** A server whose power can be cut. It keeps its data and its port. */
export type BreakableServer = Readonly<{
  /** SIGKILL, and waits until the process is gone; nothing is saved. */
  kill(): Promise<void>;
  /** As its operator does it: saves what there is to save. */
  stop(): Promise<void>;
  /** Comes back with the data that it finds. Safe to repeat. */
  start(): Promise<void>;
}>;

export type DrillServers = Readonly<{
  dataDir: string;
  adminUrl: string;
  appUrl: string;
  redisUrl: string;
  postgres: BreakableServer;
  redis: BreakableServer;
  close(): Promise<void>;
}>;

/** What dies is what these drills are about: nothing here complains about it. */
const logger = createLogger({ level: 'silent' });
const START_DEADLINE_MS = 60_000;

/** Servers of the drill's own, whatever the environment names: PostgreSQL with fsync on, Redis with its AOF. */
export async function startDrillServers(dataDir: string): Promise<DrillServers> {
  let postgres = await startEmbeddedPostgres({ dataDir, logger });
  try {
    let redis = await openRedis(dataDir);
    const { adminUrl, appUrl } = postgres;
    await migrate(adminUrl);
    await postgres.grantLogin();
    return {
      dataDir,
      adminUrl,
      appUrl,
      redisUrl: redis.url,
      postgres: breakable({
        pidFile: join(dataDir, 'postgres', 'data', 'postmaster.pid'),
        stop: () => postgres.stop(),
        async start() {
          postgres = samePort(adminUrl, await untilStarted(() => startEmbeddedPostgres({ dataDir, logger })));
        },
      }),
      redis: breakable({
        pidFile: join(dataDir, 'redis', 'redis.pid'),
        stop: () => redis.stop(),
        async start() {
          const url = redis.url;
          redis = await untilStarted(() => openRedis(dataDir));
          if (redis.url !== url) throw new Error(`Redis came back on another address than ${url}.`);
        },
      }),
      async close() {
        await redis.stop();
        await postgres.stop();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** PostgreSQL must be able to pass through it. */
export function newDataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hookledger-drill-'));
  chmodSync(directory, 0o711);
  return directory;
}

async function openRedis(dataDir: string): Promise<LocalRedis> {
  const redis = await startLocalRedis({ dataDir, logger });
  if (redis === undefined) throw new Error('The drills need redis-server or valkey-server on the PATH.');
  return redis;
}

function samePort(adminUrl: string, server: EmbeddedPostgres): EmbeddedPostgres {
  if (server.adminUrl !== adminUrl) throw new Error('PostgreSQL came back on another port than before.');
  return server;
}

function breakable(server: { pidFile: string; stop(): Promise<void>; start(): Promise<void> }): BreakableServer {
  const runningPid = (): number | undefined => {
    if (!existsSync(server.pidFile)) return undefined;
    const pid = Number(readFileSync(server.pidFile, 'utf8').split('\n')[0]);
    return findRunningProcess(pid) === undefined ? undefined : pid;
  };
  return {
    stop: () => server.stop(),
    async start() {
      if (runningPid() === undefined) await server.start();
    },
    async kill() {
      const pid = runningPid();
      if (pid === undefined) return;
      process.kill(pid, 'SIGKILL');
      while (findRunningProcess(pid) !== undefined) await pause(5);
    },
  };
}

/**
 * Children of a killed postmaster may outlive it by a moment, and as long no other one may start; and the claim on its
 * directory is given up only when this process has heard of the end.
 */
async function untilStarted<T>(start: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(200);
    }
  }
}
