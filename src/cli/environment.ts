import { pino } from 'pino';
import type { Config } from '../config.ts';
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { createLogger } from '../platform/logger.ts';
import type { Logger } from '../platform/logger.ts';
import { APPLICATION_ROLE, createPool } from '../platform/postgres.ts';
import type { Pool } from '../platform/postgres.ts';
import type { Context } from './command.ts';
import { NoServerError } from './no-server-error.ts';
import { openDatabase } from './open-database.ts';
import type { RunningServer } from './open-database.ts';

/** What a command works with; it lives as long as the command. */
export type Environment = Readonly<{
  /** As who may become `hookledger_app`. */
  databaseUrl: string;
  /** As `hookledger_app`: it owns nothing and bypasses nothing. */
  pool: Pool;
  /** Makes one up for a new data directory; ask for it only where secrets are read or written. */
  masterKey(): Buffer;
  clock: Clock;
  logger: Logger;
  /** The server that runs on this database, as far as the data directory knows. */
  server: RunningServer | undefined;
}>;

/**
 * Gives `use` a database, see `openDatabase`, and closes whatever was opened for it. `isForServer`: without a running
 * server there is nothing to do, so none is started.
 */
export async function withEnvironment<T>(
  { config, out }: Context,
  use: (environment: Environment) => Promise<T>,
  { isForServer = false }: { isForServer?: boolean } = {},
): Promise<T> {
  const logger = createCommandLogger(config);
  const database = await openDatabase(config, { logger, out, mayStart: !isForServer });
  const pool = createPool({
    url: database.url,
    role: APPLICATION_ROLE,
    applicationName: 'hookledger command',
    max: 4,
    statementTimeoutMs: 30_000,
    idleInTransactionTimeoutMs: 10_000,
    logger,
  });
  try {
    return await use({
      databaseUrl: database.url,
      pool,
      masterKey: () => Buffer.from(database.masterKey(), 'base64'),
      clock: systemClock,
      logger,
      server: database.server,
    });
  } finally {
    await pool.end();
    await database.stop();
  }
}

/** The same for what the owner of the schema does: gives `use` the URL that logs in as such. */
export async function withOwnerUrl<T>({ config, out }: Context, use: (url: string) => Promise<T>): Promise<T> {
  const database = await openDatabase(config, {
    logger: createCommandLogger(config),
    out,
    mayStart: true,
  });
  try {
    return await use(database.ownerUrl);
  } finally {
    await database.stop();
  }
}

/**
 * Where the HTTP interface answers: as given, else of the running server, else as configured.
 * @throws NoServerError when none is known.
 */
export function urlOfServer(given: string | undefined, { server }: Environment, config: Config): string {
  const running = server === undefined || server.url === '' ? undefined : server.url;
  const url = given ?? running ?? config.publicUrl;
  if (url === undefined) {
    throw new NoServerError('No running server is known here. Start one, or name its address with --url.');
  }
  return url.replace(/\/+$/, '');
}

/** Standard output is the command's own; what LOG_LEVEL asks for goes beside it. */
function createCommandLogger(config: Config): Logger {
  return createLogger({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));
}
