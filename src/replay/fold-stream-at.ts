import { readWholeStream } from '../event-store/read-whole-stream.ts';
import type { Tx } from '../platform/postgres.ts';
import { PROJECTIONS } from '../projections/all-projections.ts';
import type { TableRows } from '../projections/projection.ts';
import { readBroadcast } from './read-broadcast.ts';

/** What a fold makes of one stream, up to a position: rows by table, those that are empty left out. */
export type FoldedStream = Readonly<{ projection: string; foldVersion: number; events: number; tables: TableRows }>;

/**
 * Folds one stream from its first event up to and with a position, by every fold that has something to do with it. Writes
 * nothing, and reads no read model: what was known of a thing at any time, by today's folds.
 */
export async function foldStreamAt(tx: Tx, streamKey: string, upTo: bigint): Promise<readonly FoldedStream[]> {
  const stream = await readWholeStream(tx, streamKey, upTo);
  const folded: FoldedStream[] = [];
  for (const projection of PROJECTIONS) {
    const events = stream.filter(({ type }) => projection.types.includes(type));
    if (events.length === 0) continue;
    // oxlint-disable-next-line no-await-in-loop -- one connection
    const broadcast = await readBroadcast(tx, projection, upTo);
    // oxlint-disable-next-line no-await-in-loop -- one connection
    const fold = await projection.wholeStreams.prepare(tx, broadcast);
    const tables = Object.fromEntries(Object.entries(fold(events)).filter(([, rows]) => rows.length > 0));
    if (Object.keys(tables).length === 0) continue;
    folded.push({ projection: projection.name, foldVersion: projection.foldVersion, events: events.length, tables });
  }
  return folded;
}
