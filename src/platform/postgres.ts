import pg from 'pg';
import type { Logger } from './logger.ts';

/** What processes run as: it owns nothing and bypasses nothing. */
export const APPLICATION_ROLE = 'hookledger_app';

export type Pool = pg.Pool;

/** A client inside a transaction that its caller owns: never commit, roll back or release it. */
export type Tx = pg.PoolClient;

export type Scope = Readonly<{
  /** Which rows row-level security shows: those of one tenant, or `*` for the platform's own work over all of them. */
  tenant: string;
  /**
   * The commit does not wait for the disk: if PostgreSQL crashes within the next moments, it may never have been. Only
   * for work that is done again from what is durable, such as a fold and its checkpoint.
   */
  mayBeLost?: boolean;
}>;

export type PoolOptions = Readonly<{
  url: string;
  /** Takes this role's rights at connecting; without it the login role's own. */
  role?: string;
  applicationName: string;
  max: number;
  /** A statement that runs longer is cancelled by the server; 0 for never. */
  statementTimeoutMs: number;
  /** A transaction that waits longer for its client is ended with its connection; 0 for never. */
  idleInTransactionTimeoutMs: number;
  /**
   * Every statement is an index look-up: a plan that was made, and is kept, while a table was small must not scan it
   * once it is big.
   */
  byIndex?: boolean;
  /**
   * Prepared statements are planned for each call's own values: a plan for all of them would read every tenant's rows for
   * one, where a filter may be left out.
   */
  plansForValues?: boolean;
  /** How long to wait for a free connection or a new one. */
  connectTimeoutMs?: number;
  logger: Logger;
}>;

/**
 * A pool on which `numeric` and `bigint` are strings, `timestamptz` is a Date and `date` stays `YYYY-MM-DD`.
 * A lost connection is logged and replaced at the next use. The caller ends the pool.
 */
export function createPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.max,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    options: startupOptions(options),
    types: { getTypeParser: parserOf },
  });
  const { logger } = options;
  pool.on('error', (err) => {
    // A pool that is being ended may outlive its server by a moment.
    if (!pool.ending) logger.warn({ err }, 'idle database connection lost; the pool opens another');
  });
  // Without a listener of its own, a connection that breaks between two statements would end the process.
  // The holder sees the failure at its next statement.
  pool.on('connect', (client) => client.on('error', (err) => logger.debug({ err }, 'database connection broke')));
  return pool;
}

/**
 * Runs `fn` in one transaction under row-level security for `scope`: commits when it returns, rolls back when it throws,
 * and gives the connection back, or destroys it when its state is unknown. When the commit itself fails, whether it
 * took effect is unknown to the caller.
 */
export async function withTransaction<T>(pool: Pool, scope: Scope, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    // All in one round trip, by the simple protocol.
    await client.query(begin(scope));
    const result = await fn(client);
    await commit(client);
    return result;
  } catch (error) {
    broken = await rollback(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Runs `fn` on one connection of its own, outside any pool: for administration, where a session matters. */
export async function withConnection<T>(url: string, fn: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A break shows at the next statement; without a listener it would end the process instead.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end();
  }
}

function begin({ tenant, mayBeLost = false }: Scope): string {
  const scoped = `begin; select set_config('hookledger.tenant', ${pg.escapeLiteral(tenant)}, true)`;
  return mayBeLost ? `${scoped}; set local synchronous_commit = off` : scoped;
}

export class TransactionAbortedError extends Error {
  override readonly name = 'TransactionAbortedError';
  readonly code = 'transaction_aborted';
}

/** PostgreSQL answers the commit of a failed transaction with a silent ROLLBACK; that must not pass for success. */
async function commit(client: Tx): Promise<void> {
  const { command } = await client.query('commit');
  if (command !== 'COMMIT') {
    throw new TransactionAbortedError('The transaction was rolled back: a statement in it had failed and was ignored.');
  }
}

async function rollback(client: Tx): Promise<Error | undefined> {
  try {
    await client.query('rollback');
    return undefined;
  } catch (error) {
    // The first error is the one to report; this one only says that the connection is gone.
    return Error.isError(error) ? error : new Error('rollback failed', { cause: error });
  }
}

function startupOptions(options: PoolOptions): string {
  const settings: [string, string][] = [
    ['statement_timeout', String(options.statementTimeoutMs)],
    ['idle_in_transaction_session_timeout', String(options.idleInTransactionTimeoutMs)],
  ];
  if (options.byIndex === true) settings.push(['enable_seqscan', 'off']);
  if (options.plansForValues === true) settings.push(['plan_cache_mode', 'force_custom_plan']);
  if (options.role !== undefined) settings.push(['role', options.role]);
  return settings.map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`).join(' ');
}

const asText = (value: string): string => value;

/** int8, numeric, and date: the first two do not fit into a number, the last would depend on this machine's zone. */
const textOids = new Set<number>([20, 1700, 1082]);
/** numeric[] and date[]; int8[] is strings already. */
const textArrayOids = new Set<number>([1231, 1182]);
const textArrayOid: number = 1009;

function parserOf(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (textOids.has(oid)) return asText;
  if (oid === timestamptzOid) return instant;
  return pg.types.getTypeParser(textArrayOids.has(oid) ? textArrayOid : oid, format);
}

const timestamptzOid = 1184;
const parseTimestamptz: (value: string) => unknown = pg.types.getTypeParser(timestamptzOid);

/** As pg reads it, and several times faster where it is in UTC: a fold reads three for each event. */
function instant(text: string): unknown {
  const isPlain = text.endsWith('+00') && text.charAt(4) === '-' && text.charAt(10) === ' ';
  return isPlain ? new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`) : parseTimestamptz(text);
}
