import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { withConnection } from './postgres.ts';

/** A server that a start needs, and the setting that names it. */
export type NeededServer = Readonly<{
  name: 'PostgreSQL' | 'Redis';
  setting: 'DATABASE_URL' | 'REDIS_URL';
  url: string;
  /** Start without it when it does not answer; only one that refuses us stops the start. Asked while it is away. */
  mayBeAway: () => boolean | Promise<boolean>;
}>;

export type Waiting = Readonly<{
  /** Its name and address, without user and password. */
  server: string;
  reason: string;
  /** We do not wait for this one. */
  isSkipped: boolean;
}>;

export type WaitOptions = Readonly<{
  waitSeconds: number;
  /** Aborted: nobody wants to start any more. */
  signal: AbortSignal;
  /** At the first failure and every few seconds from then on. */
  onWaiting: (waiting: Waiting) => void;
}>;

/** It may be coming up, but nobody waits that long. */
export class ServerUnreachableError extends Error {
  override readonly name = 'ServerUnreachableError';
  readonly code = 'server_unreachable';
}

/** It is there and does not want us: waiting would change nothing. */
export class ServerRefusedError extends Error {
  override readonly name = 'ServerRefusedError';
  readonly code = 'server_refused';
}

const POLL_MS = 250;
const SAY_EVERY_MS = 5_000;

/**
 * Resolves when every server answers, or the signal is aborted. One that is coming up is asked again and again.
 * @throws ServerUnreachableError when one does not answer in time; ServerRefusedError at once when one refuses us.
 */
export async function waitForServers(servers: readonly NeededServer[], options: WaitOptions): Promise<void> {
  for (const server of servers) await waitFor(server, options);
}

async function waitFor(server: NeededServer, { waitSeconds, signal, onWaiting }: WaitOptions): Promise<void> {
  const where = `${server.name} at ${addressOf(server.url)}`;
  const startedAt = performance.now();
  let saidAt = -Infinity;
  while (!signal.aborted) {
    const fault = await (server.name === 'Redis' ? askRedis(server.url) : askPostgres(server.url));
    if (fault === undefined) return;
    if (!fault.mayPass) {
      const text = `${where} refused: ${fault.reason}. Check the user, password and database of ${server.setting}.`;
      throw new ServerRefusedError(text);
    }
    const { reason } = fault;
    if (await server.mayBeAway()) return onWaiting({ server: where, reason, isSkipped: true });
    const now = performance.now();
    if (now - startedAt >= waitSeconds * 1_000) {
      throw new ServerUnreachableError(
        `${where} did not answer within ${waitSeconds} s (${reason}). Start it, or check ${server.setting}.`,
      );
    }
    if (now - saidAt >= SAY_EVERY_MS) {
      saidAt = now;
      onWaiting({ server: where, reason, isSkipped: false });
    }
    // Rejects when aborted, which ends the loop.
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

type Fault = Readonly<{ reason: string; mayPass: boolean }>;

/** SQLSTATE: 08 connection, 53 out of resources, 57 starting up, shutting down or ended by an administrator. */
const passingStates = /^(08|53|57)/;
const passingReplies = /^(BUSY|LOADING|MASTERDOWN|ERR max number of clients|Connection is closed)/;
const socketFaults = [
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // The name of a container that is not up yet.
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
];

async function askPostgres(url: string): Promise<Fault | undefined> {
  try {
    await withConnection(url, (client) => client.query('select 1'));
    return undefined;
  } catch (error) {
    return faultOf(error, (cause) => 'severity' in cause && passingStates.test(codeOf(cause)));
  }
}

async function askRedis(url: string): Promise<Fault | undefined> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
  });
  // What connect() rejects with says only that the connection is closed; this says why.
  let cause: unknown;
  redis.on('error', (error) => (cause = error));
  try {
    await redis.connect();
    await redis.ping();
    return undefined;
  } catch (error) {
    return faultOf(cause ?? error, ({ message }) => passingReplies.test(message));
  } finally {
    redis.disconnect();
  }
}

/** Node tries every address of a name and tells of all of them. */
function faultOf(thrown: unknown, mayPass: (cause: Error) => boolean): Fault {
  const cause: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  if (!Error.isError(cause)) throw thrown;
  const code = codeOf(cause);
  const isTimeout = /timeout|timed out|Connection terminated/i.test(cause.message);
  return { reason: cause.message, mayPass: socketFaults.includes(code) || isTimeout || mayPass(cause) };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Without the user and the password. */
function addressOf(url: string): string {
  const { hostname, port, pathname, protocol } = new URL(url);
  const usualPort = protocol.startsWith('redis') ? '6379' : '5432';
  return `${hostname}:${port === '' ? usualPort : port}${pathname === '/' ? '' : pathname}`;
}
