import pg from 'pg';
import { log } from './log.ts';
import type { PeerWebhook } from './peer.ts';

const TABLE = `create table public.webhooks (id uuid not null, body jsonb not null, constraint webhooks_pk primary key (id))`;

/** The application's own table, which a peer's message is stored beside, in one transaction. */
export async function createWebhookTable(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(TABLE);
  await client.end();
}

/**
 * Stores a webhook and, in the same transaction, what `enqueue` writes for it; a webhook that is there already is done.
 * Resolves after the commit.
 */
export function createStoreOnce(
  url: string,
  enqueue: (webhook: PeerWebhook, client: pg.PoolClient) => Promise<unknown>,
): (webhook: PeerWebhook) => Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on('error', log);
  return async (webhook) => {
    const client = await pool.connect();
    let failure: Error | undefined;
    // A client that is checked out has no listener of the pool's, and its server may die.
    const noticed = (error: Error): void => void (failure = error);
    client.on('error', noticed);
    try {
      await client.query('begin');
      const { rowCount } = await client.query(
        `insert into public.webhooks (id, body) values ($1::uuid, $2::jsonb) on conflict (id) do nothing`,
        [webhook.id, JSON.stringify(webhook)],
      );
      if (rowCount === 1) await enqueue(webhook, client);
      await client.query('commit');
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.off('error', noticed);
      // One that failed is closed, which rolls back.
      client.release(failure);
    }
  };
}
