import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';

/** What keeps a partition; see hookledger.job_partition_hold. */
export type PartitionHold =
  'in-use' | 'mark' | 'lanes' | 'checkpoints' | 'jobs' | 'repetitions' | 'dead-letters' | 'grace';

/** A partition of outbox, inbox and job attempts, which stay and go together. */
export type JobPartition = Readonly<{
  partition: number;
  fromPosition: string;
  /** The first position of the next one. */
  toPosition: string;
  bytes: string;
  /** `free`: nothing holds it. `busy`: others worked with its tables all the time; it goes another time. */
  state: 'dropped' | 'free' | 'busy' | PartitionHold;
  /** More about what holds it, in words. */
  detail: string | undefined;
}>;

type Options = Readonly<{
  jobDays: number;
  /** Looks only: nothing is dropped, and nothing is remembered. */
  isDryRun: boolean;
  signal: AbortSignal;
}>;

type Listed = Pick<JobPartition, 'partition' | 'fromPosition' | 'toPosition' | 'bytes'> & { settledTo: string };
type Held = Pick<JobPartition, 'state' | 'detail'>;

const SCOPE = { tenant: '*' };
/** Positions at one look: so long as it takes, a statement runs and keeps its snapshot. */
const LOOK_SIZE = 100_000n;

/**
 * Drops the partitions whose every job ended so many days ago, each in a transaction of its own; answers all that there
 * were, the oldest first, and what holds the others. Safe to repeat and to run side by side; stops between two
 * statements when aborted.
 */
export async function dropJobPartitions(pool: Pool, options: Options): Promise<readonly JobPartition[]> {
  const listed = await withTransaction(pool, SCOPE, listPartitions);
  const partitions: JobPartition[] = [];
  for (const { settledTo, ...partition } of listed) {
    if (options.signal.aborted) break;
    let held = await readHold(pool, partition.partition, options);
    if (held.state === 'jobs') held = await settle(pool, { ...partition, settledTo }, options);
    if (held.state === 'free' && !options.isDryRun) held = await drop(pool, partition.partition, options);
    partitions.push({ ...partition, ...held });
  }
  return partitions;
}

async function listPartitions(tx: Tx): Promise<readonly Listed[]> {
  const { rows } = await tx.query<Listed>(
    `select partition, from_position as "fromPosition", to_position as "toPosition", bytes, settled_to as "settledTo"
     from hookledger.list_job_partitions()`,
  );
  return rows;
}

async function readHold(pool: Pool, partition: number, { jobDays }: Options): Promise<Held> {
  const { rows } = await withTransaction(pool, SCOPE, (tx) =>
    tx.query<{ held_by: PartitionHold | null; detail: string | null }>(
      'select held_by, detail from hookledger.job_partition_hold($1::integer, $2::integer)',
      [partition, jobDays],
    ),
  );
  return { state: rows[0]?.held_by ?? 'free', detail: rows[0]?.detail ?? undefined };
}

/** What holds the partition after a look at those of its jobs that were not known to have ended. */
async function settle(pool: Pool, listed: Listed, options: Options): Promise<Held> {
  const { partition } = listed;
  const end = BigInt(listed.toPosition);
  for (let from = BigInt(listed.settledTo); from < end; from += LOOK_SIZE) {
    if (options.signal.aborted) return { state: 'jobs', detail: `looked at up to position ${from} only` };
    const open = await withTransaction(pool, SCOPE, (tx) =>
      options.isDryRun ? readOpenJob(tx, from, from + LOOK_SIZE) : settleOn(tx, partition),
    );
    if (open !== undefined) return { state: 'jobs', detail: open };
  }
  if (!options.isDryRun) return readHold(pool, partition, options);
  return { state: 'grace', detail: `every job has ended; kept for ${options.jobDays} days from the next run on` };
}

async function readOpenJob(tx: Tx, from: bigint, to: bigint): Promise<string | undefined> {
  const { rows } = await tx.query<{ detail: string }>(
    'select detail from hookledger.first_open_job($1::bigint, $2::bigint)',
    [String(from), String(to)],
  );
  return rows[0]?.detail;
}

/** Remembers what it has seen; answers a job that has not ended. */
async function settleOn(tx: Tx, partition: number): Promise<string | undefined> {
  const { rows } = await tx.query<{ state: string; detail: string | null }>(
    'select state, detail from hookledger.settle_job_partition($1::integer, $2::bigint)',
    [partition, String(LOOK_SIZE)],
  );
  return rows[0]?.detail ?? undefined;
}

async function drop(pool: Pool, partition: number, options: Options): Promise<Held> {
  const { rows } = await withTransaction(pool, SCOPE, (tx) =>
    tx.query<{ answer: 'dropped' | 'held' | 'busy' }>(
      'select hookledger.drop_job_partition($1::integer, $2::integer) as answer',
      [partition, options.jobDays],
    ),
  );
  const answer = rows[0]?.answer ?? 'held';
  // Something came up since we looked.
  if (answer === 'held') return readHold(pool, partition, options);
  return { state: answer, detail: undefined };
}
