import type { PoolClient } from 'pg';
import type { Logger } from '../platform/logger.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';

/**
 * The exact high-water mark: every position at or below it is a committed row or a number that was rolled back.
 *
 * Every appender takes advisory lock (7283, 1), shared, before it draws its first position, and holds it until its
 * rows are visible. So: read how far the sequence has been drawn (h), then who holds the lock. Whoever drew a number
 * at or below h held the lock when h was read; once those holders are gone, all of h is decided. No gap is guessed at,
 * no writer is held up, and a stranger's open transaction does not matter.
 */
export type HighWaterMarkTracker = Readonly<{
  /** Moves the mark once as far as it goes now, waiting for the appenders under way; answers where it stands. */
  tick(): Promise<bigint>;
  /** Ticks until aborted, as the holder of the lease; wakes by `wake()`, polls as the net. */
  run(signal: AbortSignal): Promise<void>;
  /** Something was committed: look now. */
  wake(): void;
  close(): Promise<void>;
}>;

export type HighWaterMarkDeps = Readonly<{
  pool: Pool;
  logger: Logger;
  owner: string;
  onMoved?: (position: bigint) => void;
}>;

/** 20 writes a second at most: a stranger's snapshot keeps every old version of this one row alive. */
const MIN_WRITE_INTERVAL_MS = 50;
const HISTORY_INTERVAL_MS = 1_000;
const POLL_MS = 100;
const LEASE_SECONDS = 5;

export function createHighWaterMarkTracker({ pool, logger, owner, onMoved }: HighWaterMarkDeps): HighWaterMarkTracker {
  const signal = createWakeSignal();
  let session: PoolClient | undefined;
  let mark = 0n;
  let writtenAt = -Infinity;
  let historyAt = -Infinity;
  let isHistoryDue = false;
  let leasedUntil = 0;

  async function connected(): Promise<PoolClient> {
    session ??= await pool.connect();
    return session;
  }

  /** Both readings must come from one session: after a failover the second would speak of another server. */
  function lose(error: unknown): void {
    session?.release(error instanceof Error ? error : true);
    session = undefined;
  }

  async function tick(): Promise<bigint> {
    try {
      const client = await connected();
      const drawn = await readDrawnPosition(client);
      if (drawn > mark) {
        await waitUntilGone(client, Infinity);
        mark = await writeMark(client, drawn);
        writtenAt = performance.now();
        isHistoryDue = true;
        onMoved?.(mark);
      }
      if (isHistoryDue && performance.now() - historyAt >= HISTORY_INTERVAL_MS) {
        await writeHistory(client);
        historyAt = performance.now();
        isHistoryDue = false;
      }
      return mark;
    } catch (error) {
      lose(error);
      throw error;
    }
  }

  /** Renewed at half its time: a write at every tick would bloat the row. */
  async function hasLease(): Promise<boolean> {
    if (performance.now() < leasedUntil - (LEASE_SECONDS * 1_000) / 2) return true;
    const asked = performance.now();
    const acquired = await acquireLease(await connected(), owner);
    leasedUntil = acquired ? asked + LEASE_SECONDS * 1_000 : 0;
    return acquired;
  }

  return {
    tick,
    wake: signal.wake,
    async run(abort) {
      while (!abort.aborted) {
        try {
          if (await hasLease()) await tick();
        } catch (error) {
          lose(error);
          logger.warn({ err: error }, 'high-water mark: tick failed, starting over on a new session');
          await createWakeSignal().wait(POLL_MS, abort);
        }
        await signal.wait(POLL_MS, abort);
        const early = writtenAt + MIN_WRITE_INTERVAL_MS - performance.now();
        if (early > 0) await createWakeSignal().wait(early, abort);
      }
    },
    async close() {
      const client = session;
      session = undefined;
      if (client === undefined) return;
      try {
        await releaseLease(client, owner);
        client.release();
      } catch (error) {
        client.release(true);
        logger.debug({ err: error }, 'high-water mark: lease not given back, it runs out by itself');
      }
    },
  };
}

/**
 * A mark of the caller's own, proven as the tracker does, for a reader that does not wait until the next one is written:
 * every position at or below the answer is decided for snapshots that are taken afterwards. It counts only for this
 * transaction, which must be READ COMMITTED: once the session is lost, the server may have lost positions, too.
 * Answers `from`, which is known to be decided, when nothing was drawn above it; undefined when appenders were still
 * under way after `withinMs`.
 */
export async function proveHighWaterMark(
  tx: Tx,
  { from, withinMs }: { from: bigint; withinMs: number },
): Promise<bigint | undefined> {
  const drawn = await readDrawnPosition(tx);
  if (drawn <= from) return from;
  return (await waitUntilGone(tx, withinMs)) ? drawn : undefined;
}

/** An unused sequence reports 1 before anything was drawn; that must not count as drawn. */
async function readDrawnPosition(client: PoolClient): Promise<bigint> {
  const { rows } = await client.query<{ drawn: string }>({
    name: 'read-drawn-position',
    text: `select case when is_called then last_value else last_value - 1 end as drawn from hookledger.position_seq`,
  });
  return BigInt(rows[0]?.drawn ?? '0');
}

/** By virtual transaction, not by process: a prepared transaction keeps its lock without one. */
async function readAppenders(client: PoolClient): Promise<readonly string[]> {
  const { rows } = await client.query<{ virtualtransaction: string }>({
    name: 'read-appenders',
    text: `select virtualtransaction from pg_locks
      where locktype = 'advisory' and classid = 7283 and objid = 1 and objsubid = 2
        and database = (select oid from pg_database where datname = current_database())`,
  });
  return rows.map((row) => row.virtualtransaction);
}

/** Whether all who hold the lock now are gone within the time. */
async function waitUntilGone(client: PoolClient, withinMs: number): Promise<boolean> {
  const startedAt = performance.now();
  let waiting = await readAppenders(client);
  while (waiting.length > 0) {
    if (performance.now() - startedAt > withinMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 1));
    const still = new Set(await readAppenders(client));
    waiting = waiting.filter((appender) => still.has(appender));
  }
  return true;
}

async function writeMark(client: PoolClient, drawn: bigint): Promise<bigint> {
  const { rows } = await client.query<{ position: string }>(
    `with moved as (
       update hookledger.high_water_mark set position = $1::bigint, moved_at = clock_timestamp()
       where position < $1::bigint returning position
     )
     select greatest((select position from moved), (select position from hookledger.high_water_mark)) as position`,
    [String(drawn)],
  );
  return BigInt(rows[0]?.position ?? '0');
}

async function writeHistory(client: PoolClient): Promise<void> {
  await client.query(
    `insert into hookledger.high_water_mark_history (at, position)
     select clock_timestamp(), position from hookledger.high_water_mark
     on conflict do nothing`,
  );
}

async function acquireLease(client: PoolClient, owner: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update hookledger.leases
     set owner = $1::text, lease_until = clock_timestamp() + make_interval(secs => $2::integer),
       token = token + (owner is distinct from $1::text)::integer
     where name = 'high-water-mark' and (owner = $1::text or lease_until < clock_timestamp())`,
    [owner, LEASE_SECONDS],
  );
  return rowCount === 1;
}

async function releaseLease(client: PoolClient, owner: string): Promise<void> {
  await client.query(
    `update hookledger.leases set owner = null, lease_until = '-infinity'
     where name = 'high-water-mark' and owner = $1::text`,
    [owner],
  );
}
