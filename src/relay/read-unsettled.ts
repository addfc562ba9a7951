import type { Tx } from '../platform/postgres.ts';
import { messageKey } from '../transports/message-key.ts';

/**
 * A published row whose job has neither ended, under its generation or a later one, nor been repeated under a later
 * one. `key` is what the transport knows it by.
 */
export type UnsettledRow = Readonly<{
  key: string;
  tenantId: string;
  queue: string;
  /** Of the row, where the lane's cursor went over it. */
  rowPosition: bigint;
  /** Of the target event. */
  position: string;
  replayId: string;
  generation: number;
}>;

/**
 * What became of the job of each row `o` (with the columns of the outbox): it has ended; it was repeated; its inbox row
 * went with its partition, which goes only when whatever had been asked for by then has ended. Cheapest first.
 */
const FATE = `
  left join lateral (
    select true as yes from hookledger.inbox i
    where i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id
      and (i.outcome = 'done' or i.generation >= o.generation)
    limit 1
  ) ended on true
  left join lateral (
    select true as yes from hookledger.outbox n
    where n.target_position = o.target_position and n.queue = o.queue and n.replay_id = o.replay_id
      and n.generation > 0 and n.generation > o.generation
    limit 1
  ) repeated on ended.yes is null
  left join lateral (
    select true as yes from hookledger.job_partitions p
    where p.partition = o.target_position / hookledger.partition_size() and p.dropped_position >= o.position
  ) dropped on ended.yes is null`;
const IS_UNSETTLED = 'ended.yes is null and repeated.yes is null and dropped.yes is null';

/** A part of a lane: rows above `after`, up to `upTo`. */
export type LaneSpan = Readonly<{ tenantId: string; queue: string; after: bigint; upTo: bigint }>;

/** `read`: how many rows. `sweptTo`: how far the span was read; below its end where it holds more rows than were asked for. */
export type SweptSpan = Readonly<{ span: LaneSpan; read: number; sweptTo: bigint; unsettled: readonly UnsettledRow[] }>;

/** Reads up to so many rows of each span, whether settled or not, and answers those that are not. */
export async function sweepSpans(tx: Tx, spans: readonly LaneSpan[], rowsEach: number): Promise<readonly SweptSpan[]> {
  // The planner takes a span for a few rows, and would read and sort all of a long one for its first part.
  await tx.query('set local enable_bitmapscan = off');
  const { rows } = await tx.query<{
    span: number;
    read: number;
    last: string | null;
    unsettled: readonly Readonly<{
      row: string;
      target: string;
      eventId: string;
      replayId: string;
      generation: number;
    }>[];
  }>(
    `select s.span::integer, r.read, r.last, r.unsettled
     from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
       with ordinality s (tenant_id, queue, after, up_to, span)
     cross join lateral (
       select count(*)::integer as read, max(o.position) as last,
         coalesce(json_agg(json_build_object('row', o.position::text, 'target', o.target_position::text,
           'eventId', o.event_id, 'replayId', o.replay_id, 'generation', o.generation) order by o.position)
           filter (where ${IS_UNSETTLED}), '[]') as unsettled
       from (
         select * from hookledger.outbox o
         where o.tenant_id = s.tenant_id and o.queue = s.queue and o.position > s.after and o.position <= s.up_to
         order by o.position limit $5::integer
       ) o ${FATE}
     ) r`,
    [
      spans.map(({ tenantId }) => tenantId),
      spans.map(({ queue }) => queue),
      spans.map(({ after }) => String(after)),
      spans.map(({ upTo }) => String(upTo)),
      rowsEach,
    ],
  );
  return rows.flatMap(({ span: ordinal, read, last, unsettled }) => {
    const span = spans[ordinal - 1];
    if (span === undefined) return [];
    const { tenantId, queue } = span;
    return [
      {
        span,
        read,
        sweptTo: read < rowsEach || last === null ? span.upTo : BigInt(last),
        unsettled: unsettled.map(({ row, target, eventId, replayId, generation }) => ({
          key: messageKey({ eventId, queue, replayId, generation }),
          tenantId,
          queue,
          rowPosition: BigInt(row),
          position: target,
          replayId,
          generation,
        })),
      },
    ];
  });
}

/** Those of the rows that are unsettled still, in their order. */
export async function stillUnsettled(tx: Tx, rows: readonly UnsettledRow[]): Promise<readonly UnsettledRow[]> {
  const { rows: found } = await tx.query<{ row: number }>(
    `select o.row::integer
     from unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::bigint[])
       with ordinality o (target_position, queue, replay_id, generation, position, row) ${FATE}
     where ${IS_UNSETTLED}
     order by o.row`,
    [
      rows.map(({ position }) => position),
      rows.map(({ queue }) => queue),
      rows.map(({ replayId }) => replayId),
      rows.map(({ generation }) => generation),
      rows.map(({ rowPosition }) => String(rowPosition)),
    ],
  );
  return found.flatMap(({ row }) => rows[row - 1] ?? []);
}
