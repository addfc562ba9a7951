import type { RecordedEvent } from '../domain/envelope.ts';
import type { EventType } from '../domain/events.ts';
import type { StreamKind } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';
import type { StreamRows, StreamStep } from './fold-streams.ts';
import { foldStreams } from './fold-streams.ts';
import type { Projection } from './projection.ts';

type RowOf = Readonly<Record<string, unknown>>;

export type StreamProjection<State, Line> = Readonly<{
  name: string;
  version: number;
  /** What its streams are about; events of other streams pass by. */
  streamKind: StreamKind;
  types: readonly EventType[];
  fold: (before: State | undefined, event: RecordedEvent) => StreamStep<State, Line> | undefined;
  /** Append-only tables of this version; the one of the states has `stream_key`, `position` and `state`. */
  stateTable: string;
  lineTable: string;
  stateRow: (row: StreamRows<State, Line>['rows'][number]) => RowOf;
  lineRow: (line: StreamRows<State, Line>['lines'][number]) => RowOf;
}>;

/** A projection that folds each stream by itself: a row after each event that touches it, and lines of differences. */
export function createStreamProjection<State, Line>(definition: StreamProjection<State, Line>): Projection {
  const { name, version, streamKind, types, stateTable, lineTable } = definition;
  return {
    name,
    version,
    types,
    async fold(tx, events) {
      const streamKeys = events.filter((event) => event.streamKind === streamKind).map(({ streamKey }) => streamKey);
      if (streamKeys.length === 0) return;
      const states = await loadStates<State>(tx, stateTable, streamKeys);
      const { rows, lines } = foldStreams(states, events, definition.fold);
      await append(tx, stateTable, rows.map(definition.stateRow));
      await append(tx, lineTable, lines.map(definition.lineRow));
    },
  };
}

async function loadStates<State>(
  tx: Tx,
  table: string,
  streamKeys: readonly string[],
): Promise<ReadonlyMap<string, State>> {
  const { rows } = await tx.query<{ stream_key: string; state: State }>(
    `select distinct on (stream_key) stream_key, state
     from hookledger.${table}
     where stream_key = any ($1::text[])
     order by stream_key, position desc`,
    [[...new Set(streamKeys)]],
  );
  return new Map(rows.map((row) => [row.stream_key, row.state]));
}

async function append(tx: Tx, table: string, rows: readonly RowOf[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into hookledger.${table} select * from json_populate_recordset(null::hookledger.${table}, $1::json)`,
    [JSON.stringify(rows)],
  );
}
