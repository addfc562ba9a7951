import type { Pool, Tx } from '../platform/postgres.ts';

/** A tenant's reader sees its own rows and the columns that are granted to it; without one, the platform's people. */
export type Reader = Readonly<{ tenantId?: string }>;

/**
 * Runs `fn` in one read-only snapshot, so that rows, totals and the position of the model that answers belong together.
 * Rolls back and rethrows when `fn` throws; a connection in doubt is destroyed.
 */
export async function withReadTransaction<T>(pool: Pool, reader: Reader, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isDone = false;
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query(`select set_config('hookledger.tenant', $1::text, true)`, [reader.tenantId ?? '*']);
    if (reader.tenantId !== undefined) await client.query('set local role hookledger_tenant');
    const result = await fn(client);
    await client.query('commit');
    isDone = true;
    return result;
  } catch (error) {
    isDone = await client.query('rollback').then(
      () => true,
      // The first error is the one to report; this one only says that the connection is gone.
      () => false,
    );
    throw error;
  } finally {
    client.release(!isDone);
  }
}
