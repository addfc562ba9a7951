import pg from 'pg';
import type { Pool, Tx } from '../platform/postgres.ts';

/** A tenant's reader sees its own rows and the columns that are granted to it; without one, the platform's people. */
export type Reader = Readonly<{ tenantId?: string }>;

/**
 * Runs `fn` in one read-only snapshot, so that rows, totals and the position of the model that answers belong together.
 * Rolls back and rethrows when `fn` throws; a connection in doubt is destroyed.
 */
export async function withReadTransaction<T>(pool: Pool, reader: Reader, fn: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let result: T;
  try {
    // All in one round trip, by the simple protocol.
    await client.query(begin(reader));
    result = await fn(client);
  } catch (error) {
    await end(client, 'rollback');
    throw error;
  }
  // What was read is read: nobody waits for the end of a transaction that changed nothing.
  void end(client, 'commit');
  return result;
}

function begin({ tenantId }: Reader): string {
  const scoped = `begin isolation level repeatable read read only;
    select set_config('hookledger.tenant', ${pg.escapeLiteral(tenantId ?? '*')}, true)`;
  return tenantId === undefined ? scoped : `${scoped}; set local role hookledger_tenant`;
}

/** Never throws: a connection that fails here is destroyed, and the next one is another. */
async function end(client: Tx, how: 'commit' | 'rollback'): Promise<void> {
  const isDone = await client.query(how).then(
    () => true,
    () => false,
  );
  client.release(!isDone);
}
