import { ImportRefusedError } from './import-refused-error.ts';

/** One record by the names of the columns; what the file leaves empty is left out. `line`: where it begins, from 1. */
export type CsvRecord = Readonly<{ line: number; cells: Readonly<Record<string, string>> }>;

/** An import is one transaction, and the log stands still for its readers meanwhile. */
const MAX_RECORDS = 10_000;

/**
 * The records of a CSV file (RFC 4180; LF does, too, and a byte-order mark) whose first line names the columns, in any
 * order. Empty lines are left out.
 * @throws ImportRefusedError when a needed column is missing, a column is not known, or a line is not like the first.
 */
export function readCsv(
  text: string,
  columns: Readonly<{ needed: readonly string[]; optional: readonly string[] }>,
): readonly CsvRecord[] {
  const [head, ...rest] = splitRecords(text.replace(/^\u{FEFF}/u, '')).filter(
    ({ cells }) => cells.length > 1 || cells[0] !== '',
  );
  const names = (head?.cells ?? []).map((name) => name.trim());
  const line = head?.line ?? 1;
  const known = [...columns.needed, ...columns.optional];
  const problems = [
    ...columns.needed.filter((name) => !names.includes(name)).map((name) => `the column ${name} is missing`),
    ...names
      .filter((name) => !known.includes(name))
      .map((name) => `there is no column "${name}"; there are ${known.join(', ')}`),
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `the column ${name} is there twice`),
  ].map((reason) => ({ line, reason }));
  if (problems.length > 0) throw new ImportRefusedError(problems);
  const odd = rest.filter(({ cells }) => cells.length !== names.length);
  if (odd.length > 0) {
    throw new ImportRefusedError(
      odd.map(({ line, cells }) => ({ line, reason: `has ${cells.length} cells, the first line has ${names.length}` })),
    );
  }
  if (rest.length > MAX_RECORDS) {
    throw new ImportRefusedError([
      { line, reason: `there are ${rest.length} lines; at most ${MAX_RECORDS} go at a time, split the file` },
    ]);
  }
  return rest.map(({ line, cells }) => ({
    line,
    cells: Object.fromEntries(
      names.map((name, index) => [name, cells[index]?.trim() ?? '']).filter(([, cell]) => cell !== ''),
    ),
  }));
}

type Split = { line: number; cells: string[] };

/** A cell is quoted (with `""` for a quote in it) or holds neither quote, comma nor line break. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

function splitRecords(text: string): readonly Split[] {
  const records: Split[] = [];
  let line = 1;
  let record: Split = { line, cells: [] };
  let at = 0;
  for (;;) {
    CELL.lastIndex = at;
    const match = CELL.exec(text);
    if (match === null) throw new ImportRefusedError([{ line, reason: 'a quote is where none may be, or not closed' }]);
    const [whole, quoted, plain = '', end = ''] = match;
    record.cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    at += whole.length;
    line += whole.match(/\r\n|\n|\r/g)?.length ?? 0;
    if (end === ',') continue;
    records.push(record);
    record = { line, cells: [] };
    if (end === '') return records;
  }
}
