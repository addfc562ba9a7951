import type { App, AppRole } from '../app.ts';
import { createApp } from '../app.ts';
import type { Config } from '../config.ts';
import { retentionOf } from '../config.ts';
import { QUEUES } from '../domain/queues.ts';
import type { Logger } from '../platform/logger.ts';
import { migrate } from '../platform/migrate.ts';
import { APPLICATION_ROLE } from '../platform/postgres.ts';
import type { Projection } from '../projections/projection.ts';
import { prepareBullmqPostgres } from '../transports/prepare-bullmq-postgres.ts';
import { openDataDirectory } from './data-directory.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { startLocalRedis } from './local-redis.ts';

export type Stack = Readonly<{
  app: App;
  /** Where the HTTP interface answers; empty when the role `api` does not run here. */
  url: string;
  databaseUrl: string;
  masterKey: string;
  /** What was started or found, in words for people. */
  description: Readonly<{ postgres: string; queues: string; data: string }>;
  /** Stops the application, then the servers that were started for it. Answers as `App.close`. Safe to repeat. */
  stop(): Promise<boolean>;
}>;

class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  readonly code = 'already_running';

  constructor(directory: string, url: string) {
    super(`Hookledger runs on ${directory} already, at ${url}. Stop that one, or set HOOKLEDGER_DATA_DIR to another.`);
  }
}

/**
 * Starts the application on the servers that the environment names, and on embedded ones for what it does not name.
 * For development and tests: data is under `config.dataDir`, everything listens on loopback.
 */
export async function startStack(options: {
  config: Config;
  logger: Logger;
  roles: readonly AppRole[];
  /** Of the embedded server; it must stay in its directory. */
  dataDir?: string;
  /** The folds of read models; those of the release when left out. */
  projections?: readonly Projection[];
}): Promise<Stack> {
  const { config, logger, roles } = options;
  const directory = openDataDirectory(options.dataDir ?? config.dataDir);
  const running = directory.findRun();
  if (running !== undefined) throw new AlreadyRunningError(directory.path, running.url);

  const stops: (() => Promise<boolean | void>)[] = [];
  let isClean = true;
  async function stop(): Promise<boolean> {
    for (const each of stops.splice(0).toReversed()) if ((await each()) === false) isClean = false;
    return isClean;
  }
  try {
    const postgres =
      config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: directory.path, logger }) : undefined;
    if (postgres !== undefined) {
      stops.push(postgres.stop);
      await migrate(postgres.adminUrl);
      await postgres.grantLogin();
    }
    const redis =
      config.redisUrl === undefined ? await startLocalRedis({ dataDir: directory.path, logger }) : undefined;
    if (redis !== undefined) stops.push(redis.stop);
    const redisUrl = config.redisUrl ?? redis?.url;
    // Also with Redis, whose fallback it is.
    if (postgres !== undefined) {
      await prepareBullmqPostgres(postgres.adminUrl, { grantTo: APPLICATION_ROLE, queues: QUEUES });
    }
    const databaseUrl = config.databaseUrl ?? postgres?.appUrl ?? '';
    const masterKey = config.masterKey ?? directory.masterKey();
    const app = await createApp({
      roles,
      databaseUrl,
      ...(redisUrl === undefined ? {} : { redisUrl }),
      masterKey,
      host: config.host,
      port: config.port,
      mayMove: true,
      bodyLimitBytes: config.bodyLimitBytes,
      retention: retentionOf(config),
      shutdownMs: config.shutdownSeconds * 1_000,
      ...(options.projections === undefined ? {} : { projections: options.projections }),
      logger,
    });
    stops.push(app.close);
    const url = roles.includes('api') ? app.url : '';
    directory.writeRun({
      url,
      adminUrl: postgres?.adminUrl ?? databaseUrl,
      appUrl: databaseUrl,
      ...(redisUrl === undefined ? {} : { redisUrl }),
    });
    stops.push(() => Promise.resolve(directory.clearRun()));
    return {
      app,
      url,
      databaseUrl,
      masterKey,
      description: {
        postgres: postgres === undefined ? 'PostgreSQL at DATABASE_URL' : `embedded PostgreSQL ${postgres.version}`,
        queues: describeQueues(config.redisUrl, redis?.version),
        data: directory.path,
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function describeQueues(configured: string | undefined, localVersion: string | undefined): string {
  if (configured !== undefined) return 'BullMQ on Redis at REDIS_URL';
  if (localVersion !== undefined) return `BullMQ on Redis ${localVersion}, started here`;
  return 'BullMQ on PostgreSQL: no redis-server on the PATH';
}
