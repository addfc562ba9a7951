import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';
import type { JobPartition } from './job-partitions.ts';
import { dropJobPartitions } from './job-partitions.ts';
import { createProcessLease } from './process-lease.ts';

/** How long what is settled is kept, in days. Events and webhooks are kept for ever; of a webhook, the body may go. */
export type RetentionDays = Readonly<{
  /** Outbox, inbox and attempts of jobs, from when every job of their partition has ended. */
  jobDays: number;
  deadLetterDays: number;
  /** Bodies and headers of webhooks that nobody needs to look into; undefined: for ever. */
  webhookBodyDays: number | undefined;
}>;

/** What went; in a dry run, what would. */
export type RetentionReport = Readonly<{
  partitions: readonly JobPartition[];
  /** Days of dead letters; undefined when others worked with them all the time. */
  deadLetterDays: number | undefined;
  /** Rows of jobs that were repeated after their partition was dropped; undefined in a dry run. */
  lateRows: number | undefined;
  /** Intents of calls whose partition was dropped; undefined in a dry run. */
  intents: number | undefined;
  /** Rows of the history of the high-water mark. */
  markHistoryRows: number;
  /** In a dry run counted up to `MAX_COUNTED`. */
  webhookBodies: number;
}>;

export type RetentionDeps = Readonly<{ pool: Pool; days: RetentionDays; logger: Logger }>;

export const MAX_COUNTED = 20_000;
const SCOPE = { tenant: '*' };
const BATCH = 10_000;
/** Bodies are large, and each is written anew. */
const BODY_BATCH = 500;
const INTERVAL_MS = 60 * 60 * 1_000;
const LEASE_SECONDS = 600;

/**
 * Does away with what is settled and old, in short transactions. Safe to repeat and to run side by side. Stops between
 * two of them when aborted; the next run goes on.
 */
export async function runRetention({ pool, days }: RetentionDeps, signal: AbortSignal): Promise<RetentionReport> {
  const partitions = await dropJobPartitions(pool, { jobDays: days.jobDays, isDryRun: false, signal });
  return {
    partitions,
    deadLetterDays: await dropDeadLetters(pool, days.deadLetterDays),
    lateRows: await inBatches(signal, () =>
      count(pool, 'select hookledger.delete_late_jobs($1::integer, $2::integer) as count', [days.jobDays, BATCH]),
    ),
    intents: await inBatches(signal, () =>
      count(pool, 'select hookledger.delete_ended_intents($1::integer, $2::integer) as count', [days.jobDays, BATCH]),
    ),
    markHistoryRows: await inBatches(signal, () =>
      count(pool, 'select hookledger.thin_mark_history($1::integer) as count', [BATCH]),
    ),
    webhookBodies: days.webhookBodyDays === undefined ? 0 : await eraseBodies(pool, days.webhookBodyDays, signal),
  };
}

/** What `runRetention` would do now, without doing any of it. */
export async function previewRetention({ pool, days }: RetentionDeps, signal: AbortSignal): Promise<RetentionReport> {
  return {
    partitions: await dropJobPartitions(pool, { jobDays: days.jobDays, isDryRun: true, signal }),
    deadLetterDays: await count(
      pool,
      `select count(*)::integer as count from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = 'hookledger.dead_letters'::regclass
         and right(c.relname, 8) < to_char((clock_timestamp() at time zone 'UTC')::date - $1::integer, 'YYYYMMDD')`,
      [days.deadLetterDays],
    ),
    lateRows: undefined,
    intents: undefined,
    markHistoryRows: await count(
      pool,
      'select count(*)::integer as count from hookledger.thinnable_mark_history($1::integer)',
      [MAX_COUNTED],
    ),
    webhookBodies:
      days.webhookBodyDays === undefined
        ? 0
        : await count(
            pool,
            `select count(*) filter (where not is_needed)::integer as count
             from hookledger.erasable_bodies(clock_timestamp() - make_interval(days => $1::integer), $2::integer)`,
            [days.webhookBodyDays, MAX_COUNTED],
          ),
  };
}

async function dropDeadLetters(pool: Pool, days: number): Promise<number | undefined> {
  try {
    return await count(pool, 'select hookledger.drop_dead_letter_partitions($1::integer) as count', [days]);
  } catch (error) {
    // It waited for readers for as long as others may wait behind it. They will be gone another time.
    if (error instanceof Error && 'code' in error && error.code === '55P03') return undefined;
    throw error;
  }
}

async function eraseBodies(pool: Pool, days: number, signal: AbortSignal): Promise<number> {
  let erased = 0;
  while (!signal.aborted) {
    const { rows } = await withTransaction(pool, SCOPE, (tx) =>
      tx.query<{ erased: number; is_done: boolean }>(
        'select erased, is_done from hookledger.erase_webhook_bodies($1::integer, $2::integer)',
        [days, BODY_BATCH],
      ),
    );
    erased += rows[0]?.erased ?? 0;
    if (rows[0]?.is_done !== false) break;
  }
  return erased;
}

/** Until a batch finds nothing any more. */
async function inBatches(signal: AbortSignal, batch: () => Promise<number>): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const done = await batch();
    total += done;
    if (done === 0) break;
  }
  return total;
}

async function count(pool: Pool, sql: string, values: readonly number[]): Promise<number> {
  const { rows } = await withTransaction(pool, SCOPE, (tx) => tx.query<{ count: number }>(sql, [...values]));
  return rows[0]?.count ?? 0;
}

export type Retention = Readonly<{
  /** One run over everything. */
  tick(signal?: AbortSignal): Promise<RetentionReport>;
  /** At once and every hour, as the holder of the lease, until aborted. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}>;

export function createRetention({ owner, ...deps }: RetentionDeps & Readonly<{ owner: string }>): Retention {
  const { pool, logger } = deps;
  const lease = createProcessLease({ pool, name: 'retention', owner, seconds: LEASE_SECONDS });
  const tick = (signal = new AbortController().signal): Promise<RetentionReport> => runRetention(deps, signal);
  return {
    tick,
    async run(abort) {
      const pause = createWakeSignal();
      let nextAt = 0;
      while (!abort.aborted) {
        try {
          if ((await lease.hold()) && performance.now() >= nextAt) {
            const startedAt = performance.now();
            nextAt = startedAt + INTERVAL_MS;
            const { partitions, ...report } = await tick(abort);
            const dropped = partitions.filter(({ state }) => state === 'dropped').map(({ partition }) => partition);
            logger.info({ dropped, ...report, durationMs: Math.round(performance.now() - startedAt) }, 'retention ran');
          }
        } catch (error) {
          logger.warn({ err: error }, 'retention failed; what is left goes in the next run');
        }
        await pause.wait((LEASE_SECONDS * 1_000) / 2, abort);
      }
    },
    close: lease.release,
  };
}
