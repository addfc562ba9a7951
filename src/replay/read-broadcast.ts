import type { RecordedEvent } from '../domain/envelope.ts';
import type { Tx } from '../platform/postgres.ts';
import { readEvents } from '../event-store/read-events.ts';
import type { Projection } from '../projections/projection.ts';

const PAGE = 1_000;

/** The events that concern all streams, up to a position: a few for each tenant and meter. */
export async function readBroadcast(
  tx: Tx,
  { wholeStreams: { broadcast } }: Projection,
  upTo: bigint,
): Promise<readonly RecordedEvent[]> {
  if (broadcast.length === 0) return [];
  const all: RecordedEvent[] = [];
  for (let after = 0n; after < upTo;) {
    // oxlint-disable-next-line no-await-in-loop -- page by page
    const page = await readEvents(tx, { after, limit: PAGE, types: broadcast });
    all.push(...page.events.filter(({ position }) => position <= upTo));
    after = page.upTo;
  }
  return all;
}
