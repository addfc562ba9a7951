import type { RecordedEvent } from '../domain/envelope.ts';
import type { EventType } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';
import type { EventRow } from './event-row.ts';
import { EVENT_COLUMNS, recordedEvent } from './event-row.ts';

export type EventPage = Readonly<{
  events: readonly RecordedEvent[];
  /** Every matching event at or below this position is in this page or an earlier one: the next checkpoint. */
  upTo: bigint;
}>;

/**
 * Events after a position and at or below the high-water mark, in order. The mark is taken in the same statement as
 * the rows: a mark read in a later snapshot could vouch for a position whose row this snapshot does not see. `proven`:
 * one that this session proved in a statement before, where it is above the one that is written.
 * The transaction must be READ COMMITTED, or the first statement of its snapshot.
 */
export async function readEvents(
  tx: Tx,
  {
    after,
    limit,
    types,
    proven = 0n,
  }: { after: bigint; limit: number; types?: readonly EventType[]; proven?: bigint | undefined },
): Promise<EventPage> {
  const { rows } = await tx.query<EventRow & { mark: string }>({
    name: 'read-events',
    text: `
      select m.position as mark, ${EVENT_COLUMNS}
      from (select greatest(position, $4::bigint) as position from hookledger.high_water_mark) m
      left join lateral (
        select * from hookledger.events
        where position > $1::bigint and position <= m.position
          and ($3::text[] is null or type = any ($3::text[]))
        order by position limit $2::integer
      ) e on true
      order by e.position`,
    values: [String(after), limit, types ?? null, String(proven)],
  });
  const events = rows.filter((row) => row.position !== null).map(recordedEvent);
  const mark = BigInt(rows[0]?.mark ?? '0');
  const last = events.at(-1);
  return { events, upTo: last !== undefined && events.length >= limit ? last.position : mark > after ? mark : after };
}
