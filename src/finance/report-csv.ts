import { stringify } from 'csv-stringify/sync';
import type { Money } from '../domain/currency.ts';
import { isListCell, isMoneyCell } from './report.ts';
import type { Cell, ColumnHead, ColumnKind, ReportRow } from './report.ts';
import { zonedTime } from './zoned-time.ts';

/**
 * RFC 4180: CRLF after each record, quotes only where they are needed. The order of columns is the report's; an amount
 * stands with a `.`, its currency in a column of its own (`cost`, `cost_currency`). Text that a spreadsheet would take for
 * a formula begins with an apostrophe; amounts do not, so that a negative one stays a number.
 */
export function csvHead(columns: readonly ColumnHead[]): string {
  return encode([columns.flatMap(({ name, kind }) => (kind === 'money' ? [name, `${name}_currency`] : [name]))]);
}

export function csvRows(columns: readonly ColumnHead[], rows: readonly ReportRow[], tz: string): string {
  return encode(rows.map((row) => columns.flatMap((column, index) => csvCells(column, row.cells[index] ?? null, tz))));
}

function encode(records: readonly (readonly string[])[]): string {
  return stringify([...records], { record_delimiter: 'windows' });
}

function csvCells({ kind }: ColumnHead, cell: Cell, tz: string): readonly string[] {
  if (isMoneyCell(cell)) return [cell.amount, cell.currency];
  if (cell === null) return kind === 'money' ? ['', ''] : [''];
  if (cell instanceof Date) return [kind === 'date' ? zonedTime(cell, tz).slice(0, 10) : zonedTime(cell, tz)];
  if (isListCell(cell)) return [cell.map(listed).join('; ')].map(guard(kind));
  return [String(cell)].map(guard(kind));
}

function listed(item: Money | string): string {
  return typeof item === 'string' ? item : `${item.amount} ${item.currency}`;
}

/** What spreadsheets take for the beginning of a formula. Source: OWASP, CSV Injection. */
const FORMULA = /^[=+\-@\t\r]/;

function guard(kind: ColumnKind): (text: string) => string {
  return (text) => ((kind === 'text' || kind === 'texts') && FORMULA.test(text) ? `'${text}` : text);
}
