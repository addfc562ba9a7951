import { readEvents } from '../event-store/read-events.ts';
import type { Tx } from '../platform/postgres.ts';
import { lockCheckpoint, moveCheckpoint } from './checkpoint.ts';
import type { Projection } from './projection.ts';

const BATCH = 500;

/**
 * Folds what is missing up to a position that is at or below the high-water mark, inside the caller's transaction, which
 * holds the checkpoint from here on.
 */
export async function foldUpTo(tx: Tx, projection: Projection, upTo: bigint): Promise<void> {
  let position = await lockCheckpoint(tx, projection);
  while (position < upTo) {
    // oxlint-disable-next-line no-await-in-loop -- batch by batch
    const page = await readEvents(tx, { after: position, limit: BATCH, types: projection.types, proven: upTo });
    const events = page.events.filter((event) => event.position <= upTo);
    // oxlint-disable-next-line no-await-in-loop -- batch by batch
    if (events.length > 0) await projection.fold(tx, events);
    position = page.upTo < upTo ? page.upTo : upTo;
    // oxlint-disable-next-line no-await-in-loop -- batch by batch
    await moveCheckpoint(tx, projection, position);
  }
}
