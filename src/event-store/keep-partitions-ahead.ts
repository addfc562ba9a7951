import { setInterval as every } from 'node:timers/promises';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';

const INTERVAL_MS = 60_000;

/** Makes the partitions that the next 20 million positions need, now and every minute, until aborted. */
export async function keepPartitionsAhead(pool: Pool, logger: Logger, signal: AbortSignal): Promise<void> {
  const ensure = async (): Promise<void> => {
    try {
      await pool.query('select hookledger.ensure_partitions()');
    } catch (error) {
      logger.error({ err: error }, 'partitions not made; there is room for 10 million more positions at least');
    }
  };
  await ensure();
  try {
    for await (const _ of every(INTERVAL_MS, undefined, { signal })) await ensure();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
