import { assertSchemaCompatibility, createPostgresBackend, DEFAULT_SCHEMA, isPgPool, Queue, Worker } from 'bullmq';
import type { PgPool } from 'bullmq';
import pg from 'pg';
import type { Logger } from '../platform/logger.ts';
import type { BullmqBackend } from './bullmq-backend.ts';
import { endCheck, endLocks, listDated } from './bullmq-postgres-dated.ts';
import { createErrorReporter } from './report-errors.ts';
import type { QueueDepth } from './transport.ts';

export type BullmqPostgresOptions = Readonly<{ url: string; role: string | undefined; logger: Logger }>;

/**
 * By age alone: BullMQ applies a count with a `not in (select … limit count)` over all kept jobs at every completion,
 * which took it from 800 to 65 jobs a second at 10,000 kept ones. An id is known as long as its job is kept.
 * The relay repeats only what it published since its cursor was last written, which is seconds of work.
 */
const keep = { removeOnComplete: { age: 60 * 60 }, removeOnFail: { age: 24 * 60 * 60 } };

const producerConnections = 4;

/** BullMQ keeps what it notes about a queue in its table `meta`; no queue of ours has this name. */
const canaryQueue = 'hookledger-canary';
const workerConnections = 6;

/**
 * BullMQ makes two temporary tables for every bulk, which takes as long as adding eight jobs one by one (20 ms against 2
 * a job, measured), whatever is in it; and a relay that keeps up publishes bulks of one or two.
 */
const smallestBulk = 8;

/** BullMQ's tables must be there: see `prepareBullmqPostgres`. Connects when it is first used. */
export function openPostgresBackend({ url, role, logger }: BullmqPostgresOptions): BullmqBackend {
  const report = createErrorReporter(logger, 'postgres connection of the queues failed; it is tried again');
  const openPool = (max: number): pg.Pool => createPool({ url, role, max, report });
  const producers = openPool(producerConnections);

  return {
    name: 'bullmq-postgres',
    async openQueue(name) {
      const connection = toBullmq(producers);
      // Asked before there is a queue: one that fails to connect leaves a listener on the shared pool each time.
      await assertSchemaCompatibility(connection);
      const options = { connection, streams: { events: { maxLen: 100 } } };
      const queue = new Queue(name, options, createPostgresBackend);
      queue.on('error', report);
      await queue.waitUntilReady();
      // Only a bulk is refused where the queue was not prepared, so the first jobs go as one.
      let isPrepared = false;
      return {
        async addBulk(jobs) {
          if (isPrepared && jobs.length < smallestBulk) return addEach(queue, jobs);
          const added = await queue.addBulk(jobs);
          isPrepared = true;
          return added;
        },
        depth: () => countJobs(producers, name),
        promote: (keys) => promoteJobs(producers, name, keys),
        holds: (keys) => findJobs(producers, name, keys),
        dated: (pace) => listDated(producers, name, pace),
        async end(overdue) {
          const delayed = overdue.flatMap(({ kind, key }) => (kind === 'delay' ? [key] : []));
          await promoteJobs(producers, name, delayed);
          await endLocks(producers, name, overdue);
          await endCheck(producers, name, overdue);
        },
      };
    },
    async hasCanary() {
      const { rowCount } = await producers.query(`select from meta where queue = $1::text and field = 'canary'`, [
        canaryQueue,
      ]);
      return rowCount === 1;
    },
    async setCanary() {
      await producers.query(
        `insert into meta (queue, field, value) values ($1::text, 'canary', clock_timestamp()::text)
         on conflict (queue, field) do nothing`,
        [canaryQueue],
      );
    },
    openWorker(name, processor, settings) {
      // One more for LISTEN, which keeps its connection.
      const pool = openPool(Math.min(settings.concurrency ?? 1, workerConnections) + 1);
      const worker = new Worker(
        name,
        processor,
        { ...settings, ...keep, connection: toBullmq(pool) },
        createPostgresBackend,
      );
      return {
        worker,
        pause: () => worker.pause(),
        async close() {
          await worker.close(true);
          await pool.end();
        },
      };
    },
    close: () => producers.end(),
  };
}

/** In their order. Safe to repeat after a failure: what has been added is known by its id. */
async function addEach(queue: Pick<Queue, 'add'>, jobs: Parameters<Queue['addBulk']>[0]): ReturnType<Queue['addBulk']> {
  const added: Awaited<ReturnType<Queue['addBulk']>> = [];
  for (const { name, data, opts } of jobs) added.push(await queue.add(name, data, opts));
  return added;
}

type PoolSettings = Readonly<{ url: string; role: string | undefined; max: number; report: (err: Error) => void }>;

function createPool({ url, role, max, report }: PoolSettings): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'hookledger-queues',
    max,
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    options: startupOptions(role),
  });
  pool.on('error', report);
  // Each queue adds a listener of its own.
  pool.setMaxListeners(0);
  // BullMQ holds clients without a listener while it connects; a connection that breaks then would end the process.
  pool.on('connect', (client) => client.on('error', report));
  return pool;
}

/**
 * BullMQ's statements name no schema. Nearly each of them notifies, and PostgreSQL lets one transaction that notifies
 * commit after the other, so all queues together would take no more steps than the disk can flush. A queue need not
 * survive a crash: like Redis, it may come back without its last second, and reconcile finds what it lacks.
 */
function startupOptions(role: string | undefined): string {
  const settings = `-c search_path=${DEFAULT_SCHEMA} -c synchronous_commit=off`;
  return role === undefined ? settings : `${settings} -c role=${role.replace(/[\\ ]/g, '\\$&')}`;
}

/** The types of pg and BullMQ disagree about the listeners of a client, so BullMQ's own check vouches for the pool. */
function toBullmq(pool: unknown): PgPool {
  if (isPgPool(pool)) return pool;
  throw new TypeError('BullMQ does not take this version of pg: its check for a pool fails.');
}

/** BullMQ's own counts read every kept job as well; these three are index-only. */
async function countJobs(pool: pg.Pool, queue: string): Promise<QueueDepth> {
  const { rows } = await pool.query<QueueDepth>(
    `select
       (select count(*) from job where queue = $1::text and state = 'waiting')::int as waiting,
       (select count(*) from job where queue = $1::text and state = 'active')::int as active,
       (select count(*) from job where queue = $1::text and state = 'delayed')::int as delayed`,
    [queue],
  );
  const [depth] = rows;
  if (depth === undefined) throw new Error(`Counting the jobs of queue ${queue} returned no row.`);
  return depth;
}

/**
 * Not by BullMQ's own function: it looks at the state first and then writes without it, and would take a job that has
 * become due meanwhile away from its worker.
 */
async function promoteJobs(pool: pg.Pool, queue: string, keys: readonly string[]): Promise<void> {
  await pool.query(
    `with promoted as (
       update job set state = 'waiting', process_at_ms = null, delay_ms = 0, seq = nextval('job_seq')
       where queue = $1::text and id = any ($2::text[]) and state = 'delayed'
       returning id
     )
     select pg_notify('bullmq_jobs', $1::text) from promoted limit 1`,
    [queue, keys],
  );
}

async function findJobs(pool: pg.Pool, queue: string, keys: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from job
     where queue = $1::text and id = any ($2::text[]) and state in ('waiting', 'active', 'delayed')`,
    [queue, keys],
  );
  return rows.map(({ id }) => id);
}
