import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Logger } from '../platform/logger.ts';
import { claimDirectory } from './directory-claim.ts';
import { findFreePort } from './free-port.ts';
import { findRunningProcess } from './running-process.ts';
import { endLeftoverProcess, startServerProcess, tailOfLog } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';

export type LocalRedis = Readonly<{
  url: string;
  version: string;
  /** Saves and stops; waits until the server is gone. Safe to repeat. */
  stop(): Promise<void>;
}>;

const programs = ['redis-server', 'valkey-server'];

/**
 * Starts the Redis or Valkey of this machine on `<dataDir>/redis`, loopback only, with an append-only file and without
 * eviction, as BullMQ wants it. Undefined when neither is on the PATH. The data and, where it is still free, the port
 * stay the same from start to start. Throws `DirectoryInUseError` while another process runs it.
 */
export async function startLocalRedis(options: { dataDir: string; logger: Logger }): Promise<LocalRedis | undefined> {
  const { logger } = options;
  const program = programs.find((name) => spawnSync(name, ['--version']).status === 0);
  if (program === undefined) return undefined;
  const directory = join(options.dataDir, 'redis');
  const claim = claimDirectory(directory);
  try {
    const home = realpathSync(directory);
    await clearLeftover(home);
    const { server, url, version } = await startOnFreePort(program, home, logger);
    let stopping: Promise<void> | undefined;
    void server.exited.then(() => {
      if (stopping === undefined) logger.error({ log: join(home, 'redis.log') }, 'local Redis ended by itself');
      claim.release();
    });
    return {
      url,
      version,
      stop: () => (stopping ??= server.stop('SIGTERM', { deadlineMs: 10_000, lastSignal: 'SIGKILL' })),
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

async function startOnFreePort(
  program: string,
  home: string,
  logger: Logger,
): Promise<{ server: ServerProcess; url: string; version: string }> {
  const wanted = rememberedPort(home);
  const port = await findFreePort(wanted);
  if (wanted !== undefined && port !== wanted) logger.warn({ wanted, port }, 'port is taken; using another');
  writeFileSync(join(home, 'port'), String(port));
  const logPath = join(home, 'redis.log');
  const server = await startServerProcess({ program, args: settings(home, port), logPath });
  const url = `redis://127.0.0.1:${port}`;
  const version = await waitUntilReady(server, url);
  if (version !== undefined) return { server, url, version };
  await server.stop('SIGTERM', { deadlineMs: 5_000, lastSignal: 'SIGKILL' });
  throw new Error(`${program} did not start. ${logPath} ends with:\n${tailOfLog(logPath)}`);
}

function settings(home: string, port: number): string[] {
  const values = {
    port: String(port),
    bind: '127.0.0.1',
    dir: home,
    pidfile: pidPath(home),
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  };
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}

/** The server's version once it answers and has loaded its data; undefined when it ended or took over a minute. */
async function waitUntilReady(server: ServerProcess, url: string): Promise<string | undefined> {
  const deadline = performance.now() + 60_000;
  while (!server.hasExited() && performance.now() < deadline) {
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    // The rejected connect() says the same.
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      const info = await redis.info('server');
      return /^(?:redis|valkey)_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
    } catch {
      // Not there yet, or still loading its file.
      await delay(50);
    } finally {
      redis.disconnect();
    }
  }
  return undefined;
}

/** Stops a server that a killed process of ours left running. It names itself by its port, not by its directory. */
async function clearLeftover(home: string): Promise<void> {
  const port = rememberedPort(home);
  if (port === undefined || !existsSync(pidPath(home))) return;
  const pid = Number(readFileSync(pidPath(home), 'utf8'));
  const found = findRunningProcess(pid);
  if (found?.command.includes(`127.0.0.1:${port}`) === true) await endLeftoverProcess(pid, 'SIGTERM', 10_000);
}

function pidPath(home: string): string {
  return join(home, 'redis.pid');
}

function rememberedPort(home: string): number | undefined {
  const path = join(home, 'port');
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : undefined;
}
