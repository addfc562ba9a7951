import type { RecordedEvent } from '../domain/envelope.ts';
import type { EventType } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';
import type { EventRow } from './event-row.ts';
import { EVENT_COLUMNS, recordedEvent } from './event-row.ts';

/** The streams whose fold range is above `after`, up to and with `to`. */
export type FoldRanges = Readonly<{ after: number; to: number }>;

/** A stream's events in order, all of those asked for. */
export type WholeStream = Readonly<{ foldRange: number; events: readonly RecordedEvent[] }>;

const PAGE = 2_000;
/** The sort of a range is in memory up to here, else on disk. */
const SORT_MEMORY = '128MB';

/**
 * Stream by stream, in the order of their fold ranges, at or below a position: one pass over the log and one sort,
 * whatever the number of streams, and a page at a time in memory. The caller's transaction must stay open meanwhile, and
 * do nothing else.
 */
export async function* readWholeStreams(
  tx: Tx,
  { types, upTo, ranges }: { types: readonly EventType[]; upTo: bigint; ranges: FoldRanges },
): AsyncGenerator<WholeStream, void> {
  await tx.query(`select set_config('work_mem', $1::text, true)`, [SORT_MEMORY]);
  await tx.query(
    `declare whole_streams no scroll cursor for
     select ${EVENT_COLUMNS}, e.fold_range
     from hookledger.events e
     where e.position <= $1::bigint and e.type = any ($2::text[])
       and e.fold_range > $3::integer and e.fold_range <= $4::integer
     order by e.fold_range, e.stream_key, e.position`,
    [String(upTo), types, ranges.after, ranges.to],
  );
  let foldRange = -1;
  let events: RecordedEvent[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a cursor is read page by page
    const { rows } = await tx.query<EventRow & { fold_range: number }>({
      name: 'fetch-whole-streams',
      text: `fetch ${PAGE} from whole_streams`,
    });
    for (const row of rows) {
      const event = recordedEvent(row);
      if (events.length > 0 && events[0]?.streamKey !== event.streamKey) {
        yield { foldRange, events };
        events = [];
      }
      foldRange = row.fold_range;
      events.push(event);
    }
    if (rows.length < PAGE) break;
  }
  if (events.length > 0) yield { foldRange, events };
  await tx.query('close whole_streams');
}
