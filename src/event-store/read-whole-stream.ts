import type { RecordedEvent } from '../domain/envelope.ts';
import type { Tx } from '../platform/postgres.ts';
import type { EventRow } from './event-row.ts';
import { EVENT_COLUMNS, recordedEvent } from './event-row.ts';

/** The events of one stream in order, up to and with a position; none where there is no such stream. */
export async function readWholeStream(tx: Tx, streamKey: string, upTo: bigint): Promise<readonly RecordedEvent[]> {
  const { rows } = await tx.query<EventRow>(
    `select ${EVENT_COLUMNS} from hookledger.events e
     where e.stream_key = $1::text and e.position <= $2::bigint
     order by e.version`,
    [streamKey, String(upTo)],
  );
  return rows.map(recordedEvent);
}
