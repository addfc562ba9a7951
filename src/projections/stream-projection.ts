import type { RecordedEvent } from '../domain/envelope.ts';
import type { EventType } from '../domain/events.ts';
import type { StreamKind } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';
import type { StreamRows, StreamStep } from './fold-streams.ts';
import { foldStreams } from './fold-streams.ts';
import { insertRows } from './insert-rows.ts';
import type { Projection, TableRows } from './projection.ts';
import { versionTable } from './version-table.ts';

/** Column values. A row about the thing itself has the `tenant_id` that the thing is of. */
type Row = Readonly<Record<string, unknown>>;

/** What a thing consists of, such as the refunds of a payment: a row each time that one of them changed, by its key. */
export type PartTable<State> = Readonly<{ table: string; rowsOf: (state: State) => ReadonlyMap<string, Row> }>;

export type StreamProjection<State extends Readonly<{ tenantId: string }>, Line> = Readonly<{
  name: string;
  foldVersion: number;
  /** What its streams are about; events of other streams pass by. */
  streamKind: StreamKind;
  types: readonly EventType[];
  fold: (before: State | undefined, event: RecordedEvent) => StreamStep<State, Line> | undefined;
  /** Append-only tables, without the version; the one of the states has `stream_key`, `position`, `state` and `is_there`. */
  stateTable: string;
  stateRow: (state: State) => Row;
  lines?: Readonly<{ table: string; rowOf: (line: Line) => Row }>;
  parts?: readonly PartTable<State>[];
}>;

/**
 * A projection that folds each stream by itself: a row after each event that touches it, rows of its parts that changed,
 * and lines of differences. What is no longer there for a tenant (the thing moved to another, or a part is none any
 * more) has one last row with `is_there` false: whoever sees only that tenant's rows would take the one before for
 * current.
 */
export function createStreamProjection<State extends Readonly<{ tenantId: string }>, Line>(
  definition: StreamProjection<State, Line>,
  version = 1,
): Projection {
  const { name, foldVersion, streamKind, types, stateTable, lines, parts = [] } = definition;
  return {
    name,
    version,
    foldVersion,
    types,
    tables: [stateTable, ...parts.map(({ table }) => table), ...(lines === undefined ? [] : [lines.table])],
    at: (other) => createStreamProjection(definition, other),
    async fold(tx, events) {
      const streamKeys = events.filter((event) => event.streamKind === streamKind).map((event) => event.streamKey);
      if (streamKeys.length === 0) return;
      const states = await loadStates<State>(tx, versionTable(stateTable, version), streamKeys);
      const written = rowsOf(definition, foldStreams(states, events, definition.fold));
      for (const [table, rows] of Object.entries(written)) {
        // oxlint-disable-next-line no-await-in-loop -- one connection writes one table at a time
        await insertRows(tx, versionTable(table, version), rows);
      }
    },
    wholeStreams: {
      broadcast: [],
      prepare: () =>
        Promise.resolve((stream) =>
          stream[0]?.streamKind === streamKind
            ? rowsOf(definition, foldStreams<State, Line>(new Map(), stream, definition.fold))
            : {},
        ),
      finish: () => Promise.resolve(),
      sums: {},
    },
  };
}

function rowsOf<State extends Readonly<{ tenantId: string }>, Line>(
  { stateTable, stateRow, parts = [], lines }: StreamProjection<State, Line>,
  folded: StreamRows<State, Line>,
): TableRows {
  return {
    [stateTable]: folded.rows.flatMap((row) => stateRowsOf(row, stateRow)),
    ...Object.fromEntries(
      parts.map((part) => [part.table, folded.rows.flatMap((row) => partRowsOf(row, part.rowsOf))]),
    ),
    ...(lines === undefined ? {} : { [lines.table]: folded.lines.map((line) => lineRowOf(line, lines.rowOf)) }),
  };
}

type StateRow<State> = StreamRows<State, unknown>['rows'][number];

function stateRowsOf<State extends Readonly<{ tenantId: string }>>(
  { event, before, state }: StateRow<State>,
  rowOf: (state: State) => Row,
): readonly Row[] {
  const named = { stream_key: event.streamKey, position: String(event.position), event_id: event.eventId };
  const row = { ...rowOf(state), ...named, state, is_there: true };
  if (before === undefined || before.tenantId === state.tenantId) return [row];
  // Nothing goes on from there, so that it needs no state; what the thing is now is not for the tenant that had it.
  return [{ ...rowOf(before), ...named, state: {}, is_there: false }, row];
}

function partRowsOf<State>(
  { event, before, state }: StateRow<State>,
  rowsOf: (state: State) => ReadonlyMap<string, Row>,
): readonly Row[] {
  const had = before === undefined ? new Map<string, Row>() : rowsOf(before);
  const has = rowsOf(state);
  return [...new Set([...had.keys(), ...has.keys()])].toSorted().flatMap((key) => {
    const named = {
      stream_key: event.streamKey,
      part_key: key,
      position: String(event.position),
      event_id: event.eventId,
    };
    const was = had.get(key);
    const is = has.get(key);
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    const hasLeft = was !== undefined && was['tenant_id'] !== is?.['tenant_id'];
    return [
      ...(hasLeft ? [{ ...was, ...named, is_there: false }] : []),
      ...(is === undefined ? [] : [{ ...is, ...named, is_there: true }]),
    ];
  });
}

function lineRowOf<Line>(
  { event, lineNo, line }: StreamRows<unknown, Line>['lines'][number],
  rowOf: (line: Line) => Row,
): Row {
  return {
    ...rowOf(line),
    position: String(event.position),
    line_no: lineNo,
    stream_key: event.streamKey,
    event_id: event.eventId,
  };
}

async function loadStates<State>(
  tx: Tx,
  table: string,
  streamKeys: readonly string[],
): Promise<ReadonlyMap<string, State>> {
  const { rows } = await tx.query<{ stream_key: string; state: State }>(
    `select distinct on (stream_key) stream_key, state
     from ${table}
     where stream_key = any ($1::text[])
     order by stream_key desc, position desc, is_there desc`,
    [[...new Set(streamKeys)]],
  );
  return new Map(rows.map((row) => [row.stream_key, row.state]));
}
