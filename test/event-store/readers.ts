import type { Pool } from '../../src/platform/postgres.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { proveHighWaterMark } from '../../src/event-store/high-water-mark.ts';
import { readEvents } from '../../src/event-store/read-events.ts';

export type Seen = Readonly<{ position: bigint; streamKey: string; version: bigint }>;

/** A consumer that remembers what it saw, in the order in which it saw it. */
export type Reader = Readonly<{ seen: Seen[]; poll(): Promise<number> }>;

const SCOPE = { tenant: '*' };

export function markReader(pool: Pool, isolation: 'read committed' | 'repeatable read'): Reader {
  const seen: Seen[] = [];
  let checkpoint = 0n;
  return {
    seen,
    poll: () =>
      withTransaction(pool, SCOPE, async (tx) => {
        if (isolation === 'repeatable read') {
          await tx.query('commit');
          await tx.query('begin isolation level repeatable read');
          await tx.query(`select set_config('hookledger.tenant', '*', true)`);
          // Fixes the snapshot before the mark is read, as a report that began earlier would.
          await tx.query('select count(*) from hookledger.streams');
        }
        const { events, upTo } = await readEvents(tx, { after: checkpoint, limit: 50 });
        checkpoint = upTo;
        seen.push(...events.map(({ position, streamKey, version }) => ({ position, streamKey, version })));
        return events.length;
      }),
  };
}

/** As a projection reads: up to a mark that its own session proves, ahead of the one that is written. */
export function provingReader(pool: Pool): Reader {
  const seen: Seen[] = [];
  let checkpoint = 0n;
  return {
    seen,
    poll: () =>
      withTransaction(pool, SCOPE, async (tx) => {
        const proven = await proveHighWaterMark(tx, { from: checkpoint, withinMs: 5 });
        const { events, upTo } = await readEvents(tx, { after: checkpoint, limit: 50, proven });
        checkpoint = upTo;
        seen.push(...events.map(({ position, streamKey, version }) => ({ position, streamKey, version })));
        return events.length;
      }),
  };
}

/** The reader that everyone writes first: whatever is above the last position seen. */
export function naiveReader(pool: Pool): Reader {
  const seen: Seen[] = [];
  let checkpoint = 0n;
  return {
    seen,
    poll: () =>
      withTransaction(pool, SCOPE, async (tx) => {
        const { rows } = await tx.query<{ position: string; stream_key: string; version: string }>(
          `select position, stream_key, version from hookledger.events where position > $1::bigint order by position`,
          [String(checkpoint)],
        );
        seen.push(...rows.map(seenRow));
        checkpoint = seen.at(-1)?.position ?? checkpoint;
        return rows.length;
      }),
  };
}

/** The reader by transaction id: below the oldest running transaction, in the order (xid, position). */
export function xminReader(pool: Pool): Reader {
  const seen: Seen[] = [];
  let checkpoint = { xid: '0', position: '0' };
  return {
    seen,
    poll: () =>
      withTransaction(pool, SCOPE, async (tx) => {
        const { rows } = await tx.query<{ position: string; stream_key: string; version: string; xid: string }>(
          `select position, stream_key, version, xmin::text::bigint as xid from hookledger.events
           where xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
             and (xmin::text::bigint, position) > ($1::bigint, $2::bigint)
           order by xmin::text::bigint, position`,
          [checkpoint.xid, checkpoint.position],
        );
        seen.push(...rows.map(seenRow));
        checkpoint = rows.at(-1) ?? checkpoint;
        return rows.length;
      }),
  };
}

function seenRow(row: { position: string; stream_key: string; version: string }): Seen {
  return { position: BigInt(row.position), streamKey: row.stream_key, version: BigInt(row.version) };
}

export type Faults = Readonly<{ skipped: number; repeated: number; reordered: number }>;

/** Holds what a reader saw against what was committed. */
export function faultsOf(seen: readonly Seen[], committed: readonly Seen[]): Faults {
  const positions = new Set(seen.map(({ position }) => position));
  const last = new Map<string, bigint>();
  let reordered = 0;
  for (const { streamKey, version } of seen) {
    if (version <= (last.get(streamKey) ?? 0n)) reordered += 1;
    last.set(streamKey, version);
  }
  return {
    skipped: committed.filter(({ position }) => !positions.has(position)).length,
    repeated: seen.length - positions.size,
    reordered,
  };
}
