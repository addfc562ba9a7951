import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../platform/logger.ts';
import { withConnection } from '../platform/postgres.ts';
import { claimDirectory } from './directory-claim.ts';
import { findFreePort } from './free-port.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { adminRole, clearLeftover, ensureCluster, loadCredentials } from './postgres-cluster.ts';
import type { Credentials } from './postgres-cluster.ts';
import { startServerProcess, tailOfLog } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';
import { assertReachable, findUnprivilegedUser } from './unprivileged-user.ts';
import type { UnprivilegedUser } from './unprivileged-user.ts';

export type EmbeddedPostgres = Readonly<{
  /** Logs in as the superuser: migrations and maintenance. */
  adminUrl: string;
  /** Logs in as `hookledger_app`, once `grantLogin` has been called. */
  appUrl: string;
  version: string;
  /** Lets the role `hookledger_app`, which a migration creates, log in. Safe to repeat. */
  grantLogin(): Promise<void>;
  /** Fast shutdown; waits until the server is gone. Safe to repeat. */
  stop(): Promise<void>;
}>;

const database = 'hookledger';
const appRole = 'hookledger_app';

/**
 * Starts PostgreSQL on `<dataDir>/postgres`, for development and tests: loopback only, without a Unix socket (its path
 * may be 107 bytes at most), password log-in, fsync on. The data and, where it is still free, the port stay the same
 * from start to start. Throws `DirectoryInUseError` while another process runs it.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  logger: Logger;
  port?: number;
}): Promise<EmbeddedPostgres> {
  const { logger } = options;
  const binaries = await findPostgresBinaries();
  const user = findUnprivilegedUser();
  const home = prepareHome(options.dataDir, binaries.postgres, user);
  const claim = claimDirectory(home);
  try {
    const credentials = loadCredentials(home);
    const cluster = ensureCluster({ home, initdb: binaries.initdb, credentials, user });
    await clearLeftover(cluster);
    const start = { binary: binaries.postgres, home, cluster, credentials, user, logger };
    const { server, port, version } = await startOnFreePort(start, options.port ?? rememberedPort(home));
    writeFileSync(join(home, 'port'), String(port));

    let stopping: Promise<void> | undefined;
    void server.exited.then(() => {
      if (stopping === undefined)
        logger.error({ log: join(home, 'postgres.log') }, 'embedded PostgreSQL ended by itself');
      claim.release();
    });
    const adminUrl = urlOf(adminRole, credentials.adminPassword, port, database);
    return {
      adminUrl,
      appUrl: urlOf(appRole, credentials.appPassword, port, database),
      version,
      grantLogin: () => grantLogin(adminUrl, credentials),
      stop: () => (stopping ??= server.stop('SIGINT', { deadlineMs: 60_000, lastSignal: 'SIGQUIT' })),
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

type Start = Readonly<{
  binary: string;
  home: string;
  cluster: string;
  credentials: Credentials;
  user: UnprivilegedUser | undefined;
  logger: Logger;
}>;

async function startOnFreePort(
  start: Start,
  wanted: number | undefined,
): Promise<{ server: ServerProcess; port: number; version: string }> {
  const port = await findFreePort(wanted);
  if (wanted !== undefined && port !== wanted) start.logger.warn({ wanted, port }, 'port is taken; using another');
  const logPath = join(start.home, 'postgres.log');
  const server = await startServerProcess({
    program: start.binary,
    args: ['-D', start.cluster, ...settings(port)],
    logPath,
    user: start.user,
  });
  const version = await waitUntilReady(server, urlOf(adminRole, start.credentials.adminPassword, port, 'postgres'));
  if (version !== undefined) return { server, port, version };
  await server.stop('SIGINT', { deadlineMs: 10_000, lastSignal: 'SIGQUIT' });
  const log = tailOfLog(logPath);
  // Somebody took the port between our look and the server's.
  if (log.includes('Address already in use')) return startOnFreePort(start, undefined);
  throw new Error(`Embedded PostgreSQL did not start. ${logPath} ends with:\n${log}`);
}

function settings(port: number): string[] {
  const values = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // All roles in one process with the queues in PostgreSQL take about 80.
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** The server's version once it answers and has our database; undefined when it ended or did not come up in a minute. */
async function waitUntilReady(server: ServerProcess, url: string): Promise<string | undefined> {
  const deadline = performance.now() + 60_000;
  while (!server.hasExited() && performance.now() < deadline) {
    try {
      return await withConnection(url, async (client) => {
        const found = await client.query(`select from pg_database where datname = $1::text`, [database]);
        if (found.rowCount === 0) await client.query(`create database ${database}`);
        const { rows } = await client.query<{ version: string }>(
          `select split_part(current_setting('server_version'), ' ', 1) as version`,
        );
        return rows[0]?.version ?? 'unknown';
      });
    } catch (error) {
      if (!isStillStarting(error)) throw error;
      await delay(50);
    }
  }
  return undefined;
}

/** A server that is starting refuses, resets, or answers 57P03; any other answer of PostgreSQL's is final. */
function isStillStarting(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || error.code === '57P03';
}

async function grantLogin(adminUrl: string, credentials: Credentials): Promise<void> {
  await withConnection(adminUrl, (client) =>
    client.query(`alter role ${appRole} login password ${pg.escapeLiteral(credentials.appPassword)}`),
  );
}

function urlOf(role: string, password: string, port: number, name: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${name}`;
}

function rememberedPort(home: string): number | undefined {
  const path = join(home, 'port');
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : undefined;
}

/** A directory that belongs to whom PostgreSQL runs as. */
function prepareHome(dataDir: string, binary: string, user: UnprivilegedUser | undefined): string {
  const directory = join(dataDir, 'postgres');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const home = realpathSync(directory);
  if (user !== undefined) {
    chownSync(home, user.uid, user.gid);
    // The way in, not the listing; what is secret in there is closed by itself.
    if (!user.entersClosedDirectories) chmodSync(dataDir, 0o711);
    for (const path of [home, binary]) assertReachable(user, path);
  }
  return home;
}
