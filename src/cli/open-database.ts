import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { openDataDirectory } from '../dev/data-directory.ts';
import type { Logger } from '../platform/logger.ts';
import { NoServerError } from './no-server-error.ts';
import type { Output } from './output.ts';

export type RunningServer = Readonly<{
  /** Empty when it has no HTTP interface. */
  url: string;
  /** Without it, its queues are in PostgreSQL. */
  redisUrl: string | undefined;
}>;

export type Database = Readonly<{
  url: string;
  /** Logs in as who may migrate, as far as we know one. */
  ownerUrl: string;
  /** The server that runs on this database and the data directory. */
  server: RunningServer | undefined;
  /** 32 bytes in base64: the one that `start` takes, so that both read the same secrets. */
  masterKey(): string;
  stop(): Promise<void>;
}>;

type OpenDeps = Readonly<{ logger: Logger; out: Output; mayStart: boolean }>;

/**
 * The database that DATABASE_URL names, else that of the server on the data directory, else an embedded one that is
 * started, which is said on standard error; the caller stops it.
 * @throws NoServerError when one would have to be started and may not.
 */
export async function openDatabase(config: Config, deps: OpenDeps): Promise<Database> {
  // Production has no data directory, and may not be able to make one.
  const found = config.isProduction ? undefined : findServer(config.dataDir);
  if (config.databaseUrl !== undefined) return configuredDatabase(config, config.databaseUrl, found);
  if (found === undefined) return startDatabase(config, deps);
  const { run, dataDir } = found;
  if (dataDir !== config.dataDir) {
    deps.out.note(`No server runs on ${config.dataDir}, but the demo does: this is about the demo.`);
  }
  return {
    url: run.appUrl,
    ownerUrl: run.adminUrl,
    server: { url: run.url, redisUrl: run.redisUrl },
    masterKey: () => masterKeyOf(config, dataDir),
    stop: async () => {},
  };
}

type FoundServer = NonNullable<ReturnType<typeof findServer>>;

/** The server whose process lives, on the data directory or, failing that, on the demo's below it. */
function findServer(directory: string) {
  for (const dataDir of [directory, join(directory, 'demo')]) {
    if (!existsSync(join(dataDir, 'run.json'))) continue;
    const run = openDataDirectory(dataDir).findRun();
    if (run !== undefined) return { run, dataDir };
  }
  return undefined;
}

function configuredDatabase(config: Config, url: string, found: FoundServer | undefined): Database {
  const server = found?.run.appUrl === url ? { url: found.run.url, redisUrl: found.run.redisUrl } : undefined;
  return { url, ownerUrl: url, server, masterKey: () => masterKeyOf(config, config.dataDir), stop: async () => {} };
}

function masterKeyOf({ masterKey }: Config, dataDir: string): string {
  return masterKey ?? openDataDirectory(dataDir).masterKey();
}

async function startDatabase(config: Config, { logger, out, mayStart }: OpenDeps): Promise<Database> {
  if (!mayStart) {
    throw new NoServerError(
      `No server runs on ${config.dataDir}. Start one with \`npx hookledger start\`, or set DATABASE_URL to its database.`,
    );
  }
  out.note(`No server runs on ${config.dataDir}; starting its PostgreSQL for this command.`);
  const { startEmbeddedPostgres } = await import('../dev/embedded-postgres.ts');
  const { migrate } = await import('../platform/migrate.ts');
  exitOnSignals();
  const postgres = await startEmbeddedPostgres({ dataDir: openDataDirectory(config.dataDir).path, logger });
  try {
    await migrate(postgres.adminUrl);
    await postgres.grantLogin();
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return {
    url: postgres.appUrl,
    ownerUrl: postgres.adminUrl,
    server: undefined,
    masterKey: () => masterKeyOf(config, config.dataDir),
    stop: postgres.stop,
  };
}

/** A signal's default end runs no exit handler, and the embedded server would outlive us. */
function exitOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}
