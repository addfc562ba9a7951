import { encodeCursor } from '../../finance/cursor.ts';

/** A page of a list that is not about figures. `rows` holds one more than `limit` where another page follows. */
export function listPage<Row>(parts: {
  route: string;
  rows: readonly Row[];
  limit: number;
  now: Date;
  rowJson: (row: Row) => Record<string, unknown>;
  /** Where the page after this row begins. */
  keyOf: (row: Row) => unknown;
}): Record<string, unknown> {
  const { route, rows, limit, now, rowJson, keyOf } = parts;
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return {
    data: shown.map(rowJson),
    meta: { read_at: now.toISOString() },
    page: {
      // Such a list is of now, not of a position: pages go on below the last row, whatever comes in above.
      next_cursor:
        last === undefined ? null : encodeCursor(route, { position: 0n, at: now, versions: {}, key: keyOf(last) }),
    },
  };
}
