import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseError } from 'pg';
import { pino } from 'pino';
import { APP_ROLES, createApp } from '../../app.ts';
import type { AppRole } from '../../app.ts';
import { ConfigError, describeConfig, retentionOf } from '../../config.ts';
import type { Config } from '../../config.ts';
import { createLogger } from '../../platform/logger.ts';
import type { Logger } from '../../platform/logger.ts';
import { withConnection } from '../../platform/postgres.ts';
import { terminationSignal, untilAborted } from '../../platform/shutdown.ts';
import { waitForServers } from '../../platform/wait-for-servers.ts';
import type { NeededServer, Waiting } from '../../platform/wait-for-servers.ts';
import { defineCommand, EXIT, oneOf } from '../command.ts';
import type { Context } from '../command.ts';

/** undefined_table, invalid_schema_name: not migrated yet. */
const NO_SUCH_TABLE = ['42P01', '3F000'];

const command = defineCommand({
  name: 'start',
  summary: 'Start the server, with everything it needs',
  description: [
    'For development: PostgreSQL and the queues are embedded unless DATABASE_URL and REDIS_URL name them, data stays in',
    'the data directory, everything listens on loopback, the log goes to hookledger.log in there.',
    'With NODE_ENV=production nothing is embedded: DATABASE_URL, REDIS_URL and HOOKLEDGER_MASTER_KEY must be set, the',
    'database migrated; the log is JSON on standard output.',
    'It waits for servers that are coming up, START_WAIT_SECONDS at most. Ctrl-C or SIGTERM stops all of it cleanly, within',
    'SHUTDOWN_SECONDS; exit code 1 says that something had to be cut off, and the log names it. A second one does not wait.',
  ].join('\n'),
  options: {
    roles: { type: 'string', value: 'R,…', description: `Some of ${APP_ROLES.join(',')}; all when left out` },
  },
  examples: ['start', 'start --roles api', 'start --roles relay,worker,projector'],
  async run({ values, ...context }) {
    const roles = parseRoles(values.roles);
    const signal = terminationSignal();
    return context.config.isProduction
      ? serveProduction(context.config, roles, signal)
      : serveDevelopment(context, roles, signal);
  },
});

function parseRoles(text: string | undefined): readonly AppRole[] {
  if (text === undefined) return APP_ROLES;
  const asked = text.split(',').map((word) => oneOf(APP_ROLES, word.trim(), '--roles'));
  return APP_ROLES.filter((role) => asked.includes(role));
}

async function serveDevelopment(context: Context, roles: readonly AppRole[], signal: AbortSignal): Promise<number> {
  const { config, out } = context;
  // What is in it may be secret: nobody else's business.
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const logPath = join(config.dataDir, 'hookledger.log');
  const logger = createLogger({ level: config.logLevel }, pino.destination({ dest: logPath, mode: 0o600 }));
  logCrash(logger);
  const { startStack } = await import('../../dev/start-stack.ts');
  out.line(`DEVELOPMENT: data in ${shortPath(config.dataDir)}/`);
  await waitForServers(neededServers(config, roles), {
    waitSeconds: config.startWaitSeconds,
    signal,
    onWaiting: (waiting) => {
      logWaiting(logger, waiting);
      const { server, reason, isSkipped } = waiting;
      out.note(isSkipped ? `Starting without ${server}: ${reason}` : `Waiting for ${server}: ${reason}`);
    },
  });
  if (signal.aborted) return EXIT.done;
  const stack = await startStack({ config, logger, roles });
  const { url, description } = stack;
  out.json({ url, data_dir: description.data, roles, postgres: description.postgres, queues: description.queues });
  for (const [name, text] of [
    ['url', url === '' ? 'none: the role api does not run here' : out.style('bold', url)],
    ['PostgreSQL', description.postgres],
    ['queues', description.queues],
    ['roles', roles.join(', ')],
    ['log', shortPath(logPath)],
  ] as const) {
    out.line(`  ${name.padEnd(10)}  ${text}`);
  }
  if (url !== '') {
    if (config.port !== 0 && Number(new URL(url).port) !== config.port) {
      out.line(`  Port ${config.port} is taken, so it is another one.`);
    }
    printNextSteps(context);
  }
  await untilAborted(signal);
  out.line('Stopping …');
  if (await stack.stop()) {
    out.line('Stopped; the data stays.');
    return EXIT.done;
  }
  out.line(`Stopped; what had to be cut off is in ${shortPath(logPath)}. The data stays.`);
  return EXIT.problem;
}

function printNextSteps({ out, commandLine }: Context): void {
  out.line();
  for (const [what, command] of [
    ['add a source', 'sources create --provider stripe --account acct_… --secret whsec_… --mode test'],
    ['send a sample', 'send stripe invoice.paid'],
    ['sign in', 'console sign-in'],
  ] as const) {
    out.line(`  ${what.padEnd(13)}  ${commandLine(command)}`);
  }
  out.line();
  out.line('Ctrl-C stops everything.');
}

async function serveProduction(config: Config, roles: readonly AppRole[], signal: AbortSignal): Promise<number> {
  const { databaseUrl, redisUrl, masterKey } = config;
  if (databaseUrl === undefined || redisUrl === undefined || masterKey === undefined) {
    throw new ConfigError(['production needs DATABASE_URL, REDIS_URL and HOOKLEDGER_MASTER_KEY']);
  }
  const logger = createLogger({ level: config.logLevel });
  logCrash(logger);
  logger.info({ roles, settings: describeConfig(config) }, 'starting');
  const notStarted = (error: unknown): never => {
    logger.fatal({ err: error }, 'not started');
    throw error;
  };
  await waitForServers(neededServers(config, roles), {
    waitSeconds: config.startWaitSeconds,
    signal,
    onWaiting: (waiting) => logWaiting(logger, waiting),
  }).catch(notStarted);
  if (signal.aborted) return EXIT.done;
  const { host, port, bodyLimitBytes } = config;
  const app = await createApp({
    roles,
    databaseUrl,
    redisUrl,
    masterKey,
    host,
    port,
    mayMove: false,
    bodyLimitBytes,
    retention: retentionOf(config),
    shutdownMs: config.shutdownSeconds * 1_000,
    logger,
  }).catch(notStarted);
  logger.info({ roles, url: app.url }, 'started');
  await untilAborted(signal);
  logger.info({ signal: String(signal.reason) }, 'stopping');
  const isClean = await app.close();
  logger.info({ isClean }, 'stopped');
  return isClean ? EXIT.done : EXIT.problem;
}

/**
 * What the environment names and these roles work with. A process that takes webhooks takes them without Redis, too:
 * its absence must not keep them out, and their work waits in the outbox. Nor does anyone wait for it while an operator
 * has the queues on PostgreSQL.
 */
function neededServers({ databaseUrl, redisUrl }: Config, roles: readonly AppRole[]): NeededServer[] {
  const servers: NeededServer[] = [];
  if (databaseUrl !== undefined) {
    servers.push({ name: 'PostgreSQL', setting: 'DATABASE_URL', url: databaseUrl, mayBeAway: () => false });
  }
  if (redisUrl !== undefined && (roles.includes('relay') || roles.includes('worker'))) {
    const mayBeAway = () => roles.includes('api') || (databaseUrl !== undefined && carriesQueues(databaseUrl));
    servers.push({ name: 'Redis', setting: 'REDIS_URL', url: redisUrl, mayBeAway });
  }
  return servers;
}

/** Whether an operator has switched the queues to this PostgreSQL. One without our tables has nothing to say. */
async function carriesQueues(databaseUrl: string): Promise<boolean> {
  return withConnection(databaseUrl, async (client) => {
    const { rows } = await client.query<{ transport: string }>(
      `select s.transport from hookledger.transport_switches s
       order by s.epoch desc limit 1`,
    );
    return rows[0]?.transport === 'postgres';
  }).catch((error: unknown) => {
    if (error instanceof DatabaseError && NO_SUCH_TABLE.includes(error.code ?? '')) return false;
    throw error;
  });
}

function logWaiting(logger: Logger, { isSkipped, ...waiting }: Waiting): void {
  logger.warn(waiting, isSkipped ? 'starting without a server' : 'waiting for a server');
}

/** The terminal gets one line about it; where it happened is for the log. */
function logCrash(logger: Logger): void {
  process.on('uncaughtExceptionMonitor', (error) => logger.fatal({ err: error }, 'crashed'));
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}

export const commands = [command];
