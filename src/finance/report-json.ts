import type { Cell, ColumnHead, ReportRow } from './report.ts';
import { zonedTime } from './zoned-time.ts';

/** A row as JSON: times in the zone, money as `{amount, currency}` with decimal strings, counts as numbers. */
export function reportRowJson(columns: readonly ColumnHead[], row: ReportRow, tz: string): Record<string, unknown> {
  return Object.fromEntries(
    columns.map((column, index) => [column.name, cellJson(column, row.cells[index] ?? null, tz)]),
  );
}

export function totalsJson(totals: Readonly<Record<string, Cell>>, tz: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(totals).map(([name, cell]) => [name, cell instanceof Date ? zonedTime(cell, tz) : cell]),
  );
}

function cellJson({ kind }: ColumnHead, cell: Cell, tz: string): unknown {
  if (cell === null) return null;
  if (cell instanceof Date) return kind === 'date' ? zonedTime(cell, tz).slice(0, 10) : zonedTime(cell, tz);
  // Counts come of PostgreSQL's bigint as text; none of ours is above what a number holds.
  // oxlint-disable-next-line money/no-binary-float -- a count, no money
  return kind === 'integer' ? Number(cell) : cell;
}
