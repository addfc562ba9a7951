import type { z } from 'zod';
import type { CsvRecord } from './read-csv.ts';
import { ImportRefusedError } from './import-refused-error.ts';

export type Checked<Value> = Readonly<{ line: number; value: Value }>;

/**
 * Every record as the command takes it. `identify` names what a record is of; given again just so it is left out.
 * @throws ImportRefusedError that names every bad line, also one that says something else of the same thing.
 */
export function checkRecords<Schema extends z.ZodType>(
  records: readonly CsvRecord[],
  {
    schema,
    inputOf,
    identify,
  }: {
    schema: Schema;
    inputOf: (cells: CsvRecord['cells']) => unknown;
    identify: (value: z.output<Schema>) => string;
  },
): readonly Checked<z.output<Schema>>[] {
  const problems: { line: number; reason: string }[] = [];
  const checked = new Map<string, Checked<z.output<Schema>>>();
  for (const { line, cells } of records) {
    const parsed = schema.safeParse(inputOf(cells));
    if (!parsed.success) {
      problems.push(...parsed.error.issues.map((issue) => ({ line, reason: reasonOf(issue) })));
      continue;
    }
    const id = identify(parsed.data);
    const first = checked.get(id);
    if (first === undefined) checked.set(id, { line, value: parsed.data });
    else if (JSON.stringify(first.value) !== JSON.stringify(parsed.data)) {
      problems.push({ line, reason: `says something else of ${id} than line ${first.line}` });
    }
  }
  if (problems.length > 0) throw new ImportRefusedError(problems);
  return [...checked.values()];
}

/** Columns have the names of the fields in snake case. */
function reasonOf({ path, message }: z.core.$ZodIssue): string {
  const field = path.map((part) => String(part).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)).join('.');
  return field === '' ? message : `${field}: ${message}`;
}
