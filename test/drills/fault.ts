import type { Pool } from '../../src/platform/postgres.ts';

/** Of one kind of fault, in the words of the report. */
export type Fault = Readonly<{ what: string; count: number; example?: string }>;

export function fault(what: string, cases: readonly string[]): Fault {
  const [example] = cases;
  return { what, count: cases.length, ...(example === undefined ? {} : { example }) };
}

/** `sql` answers one row for each case. */
export async function readFault(pool: Pool, what: string, sql: string): Promise<Fault> {
  const { rows } = await pool.query<{ example: string }>(sql);
  return fault(
    what,
    rows.map(({ example }) => example),
  );
}
