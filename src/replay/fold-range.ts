import { setTimeout as pause } from 'node:timers/promises';
import type { RecordedEvent } from '../domain/envelope.ts';
import { readWholeStreams } from '../event-store/read-whole-streams.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { Projection, TableRows } from '../projections/projection.ts';
import { versionTable } from '../projections/version-table.ts';
import { ownTypes } from './begin-rebuild.ts';
import { copyRows, readCopyColumns } from './copy-rows.ts';
import type { CopyColumn } from './copy-rows.ts';
import { RebuildTakenOverError } from './rebuild-errors.ts';

/** A part of a rebuild, as its checkpoint has it. */
export type RebuildPart = Readonly<{ from: number; to: number; folded: number | null }>;

export type FoldRangeDeps = Readonly<{
  pool: Pool;
  /** Of the version that is being built. */
  projection: Projection;
  epoch: number;
  target: bigint;
  broadcast: readonly RecordedEvent[];
  /** Events a second at most; undefined for as fast as it goes. */
  rate?: number | undefined;
  signal: AbortSignal;
}>;

/** What was folded can be lost with the disk's cache only together with the checkpoint that says so. */
const SCOPE = { tenant: '*', mayBeLost: true };
/** Events whose rows are written in one transaction. */
const FLUSH_EVENTS = 5_000;

/**
 * Folds the streams of one part, from where its checkpoint stands to its end: rows and checkpoint in one transaction,
 * range after range, so that a crash loses at most what was not written. Ends early, without an error, when aborted.
 * @throws RebuildTakenOverError with nothing written, when the rebuild is no longer this one's.
 */
export async function foldRange(deps: FoldRangeDeps, part: RebuildPart): Promise<void> {
  const { pool, projection, target, signal, rate } = deps;
  const startedAt = performance.now();
  let done = 0;
  let folded = part.folded;
  let pending = new Pending();
  let writing: Promise<void> = Promise.resolve();
  const columns = await withTransaction(pool, SCOPE, (tx) => readColumns(tx, projection));

  const flush = async (upTo: number): Promise<void> => {
    const { rows, events } = pending;
    const expected = folded;
    pending = new Pending();
    folded = upTo;
    done += events;
    await writing;
    writing = withTransaction(pool, SCOPE, (tx) => write(tx, deps, part, { expected, upTo, events, rows, columns }));
    // It is awaited before the next one; until then nothing else would see it fail.
    writing.catch(() => undefined);
    if (rate === undefined) return;
    const early = startedAt + (done / rate) * 1_000 - performance.now();
    if (early > 0) await pause(early, undefined, { signal }).catch(() => undefined);
  };

  await withTransaction(pool, { tenant: '*' }, async (reader) => {
    const fold = await projection.wholeStreams.prepare(reader, deps.broadcast);
    const ranges = { after: part.folded ?? part.from - 1, to: part.to };
    let current = ranges.after;
    for await (const { foldRange: place, events } of readWholeStreams(reader, {
      types: ownTypes(projection),
      upTo: target,
      ranges,
    })) {
      if (signal.aborted) return;
      if (place !== current && pending.events >= FLUSH_EVENTS) await flush(current);
      current = place;
      pending.add(fold(events), events.length);
    }
    await flush(part.to);
  });
  await writing;
}

/** Rows of many streams, until they are written. */
class Pending {
  readonly rows: Record<string, Readonly<Record<string, unknown>>[]> = {};
  events = 0;

  add(rows: TableRows, events: number): void {
    this.events += events;
    for (const [table, added] of Object.entries(rows)) (this.rows[table] ??= []).push(...added);
  }
}

/** By table without the version. */
type Columns = ReadonlyMap<string, readonly CopyColumn[]>;

async function readColumns(tx: Tx, { tables, version }: Projection): Promise<Columns> {
  const columns = new Map<string, readonly CopyColumn[]>();
  for (const table of tables) {
    // oxlint-disable-next-line no-await-in-loop -- one connection
    columns.set(table, await readCopyColumns(tx, versionTable(table, version)));
  }
  return columns;
}

type Flush = Readonly<{ expected: number | null; upTo: number; events: number; rows: TableRows; columns: Columns }>;

async function write(
  tx: Tx,
  { projection, epoch }: FoldRangeDeps,
  { from }: RebuildPart,
  { expected, upTo, events, rows, columns }: Flush,
): Promise<void> {
  const { name, version } = projection;
  const { rowCount } = await tx.query(
    `update hookledger.projection_checkpoints c set folded_range = $5::integer, events = events + $6::integer
     where c.name = $1::text and c.version = $2::integer and c.fold_range_from = $3::integer
       and c.folded_range is not distinct from $4::integer
       and exists (
         select from hookledger.projections p
         where p.name = c.name and p.version = c.version and p.state = 'building' and p.epoch = $7::integer
         for share)`,
    [name, version, from, expected, upTo, events, epoch],
  );
  if (rowCount !== 1) throw new RebuildTakenOverError(name, version);
  for (const [table, added] of Object.entries(rows)) {
    // oxlint-disable-next-line no-await-in-loop -- one connection writes one table at a time
    await copyRows(tx, versionTable(table, version), columns.get(table) ?? [], added);
  }
}
