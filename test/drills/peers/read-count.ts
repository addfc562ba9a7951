import { withConnection } from '../../../src/platform/postgres.ts';

/** What a statement with one parameter answers in its column `count`. */
export function readCount(databaseUrl: string, sql: string, parameter?: unknown): Promise<number> {
  return withConnection(databaseUrl, async (client) => {
    const { rows } = await client.query<{ count: number }>(sql, parameter === undefined ? [] : [parameter]);
    return rows[0]?.count ?? 0;
  });
}
