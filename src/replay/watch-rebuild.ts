import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { readRebuildProgress } from './rebuild-progress.ts';

const LOOK_MS = 100;

/**
 * Tells how far the rebuild of a projection is, over and over, until the answer is called. Looks that fail tell nothing:
 * whoever rebuilds says what is wrong with the database.
 */
export function watchRebuild(
  pool: Pool,
  name: string,
  onProgress: (events: number, expected: number) => void,
): () => void {
  const timer = setInterval(() => {
    withTransaction(pool, { tenant: '*' }, (tx) => readRebuildProgress(tx, name)).then(
      (progress) => {
        if (progress !== undefined) onProgress(progress.events, progress.expected);
      },
      () => undefined,
    );
  }, LOOK_MS);
  return () => clearInterval(timer);
}
