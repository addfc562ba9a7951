import type { Tx } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';
import { messageKey } from '../transports/message-key.ts';
import type { Lane } from './read-lanes.ts';

/** `lane` as it was asked for, `position` where its cursor moves once the message is published. */
export type OutboxMessage = Readonly<{ lane: Lane; position: bigint; message: Message }>;

export type LaneQuota = Readonly<{ lane: Lane; limit: number }>;

/** The next rows of each lane, up to its limit and the mark, in one statement; per lane in order. */
export async function readOutbox(
  tx: Tx,
  quotas: readonly LaneQuota[],
  mark: bigint,
): Promise<readonly OutboxMessage[]> {
  const { rows } = await tx.query<{
    lane: number;
    position: string;
    target_position: string;
    event_id: string;
    event_type: string;
    replay_id: string;
    generation: number;
  }>({
    name: 'read-outbox',
    text: `
      select l.lane::integer, o.position, o.target_position, o.event_id, o.event_type, o.replay_id, o.generation
      from unnest($1::text[], $2::text[], $3::bigint[], $4::integer[])
        with ordinality l (tenant_id, queue, cursor, quota, lane)
      cross join lateral (
        select * from hookledger.outbox o
        where o.tenant_id = l.tenant_id and o.queue = l.queue and o.position > l.cursor and o.position <= $5::bigint
        order by o.position limit l.quota
      ) o
      order by l.lane, o.position`,
    values: [
      quotas.map(({ lane }) => lane.tenantId),
      quotas.map(({ lane }) => lane.queue),
      quotas.map(({ lane }) => String(lane.cursor)),
      quotas.map(({ limit }) => limit),
      String(mark),
    ],
  });
  return rows.flatMap((row) => {
    const lane = quotas[row.lane - 1]?.lane;
    if (lane === undefined) return [];
    const job = { eventId: row.event_id, queue: lane.queue, replayId: row.replay_id, generation: row.generation };
    return [
      {
        lane,
        position: BigInt(row.position),
        message: {
          ...job,
          key: messageKey(job),
          tenantId: lane.tenantId,
          eventType: row.event_type,
          position: row.target_position,
        },
      },
    ];
  });
}
