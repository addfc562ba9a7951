import type { Tx } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';
import type { Lane } from './read-lanes.ts';

export type CursorMove = Readonly<{ lane: Lane; position: bigint; token: bigint }>;

/**
 * Moves the cursors of lanes whose shard is still held under the token. Answers how many moved: fewer than asked
 * means that another relay took over; what was published twice then has the same key, and its job runs once.
 */
export async function moveCursors(tx: Tx, moves: readonly CursorMove[]): Promise<number> {
  const { rowCount } = await tx.query(
    `
      with held as (
        select name, token from hookledger.leases where name = any ($5::text[]) order by name for share
      )
      update hookledger.lanes l set published_position = m.position
      from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) m (tenant_id, queue, position, token)
      where l.tenant_id = m.tenant_id and l.queue = m.queue and l.published_position < m.position
        and exists (select from held h where h.name = 'relay-' || l.shard and h.token = m.token)`,
    [
      moves.map(({ lane }) => lane.tenantId),
      moves.map(({ lane }) => lane.queue),
      moves.map(({ position }) => String(position)),
      moves.map(({ token }) => String(token)),
      // No others: a relay that renews its lease passes over a row that is locked.
      [...new Set(moves.map(({ lane }) => `relay-${lane.shard}`))],
    ],
  );
  return rowCount ?? 0;
}

/** A message that the transport refuses would stop its lane for ever: it ends as a dead letter, and the lane goes on. */
export async function buryRefused(tx: Tx, refused: readonly { message: Message; reason: string }[]): Promise<void> {
  if (refused.length === 0) return;
  await tx.query(
    `with refused as (
       select * from json_to_recordset($1::json) r (position bigint, queue text, replay_id text, generation integer,
         tenant_id text, event_id uuid, event_type text, detail text)
     ), ended as (
       insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
       select position, queue, replay_id, tenant_id, generation, 'dead' from refused
       order by position, queue, replay_id
       on conflict do nothing
     )
     insert into hookledger.dead_letters
       (position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts)
     select position, queue, replay_id, generation, tenant_id, event_id, event_type, 'refused-by-transport', detail, 0
     from refused
     on conflict do nothing`,
    [
      JSON.stringify(
        refused.map(({ message, reason }) => ({
          position: message.position,
          queue: message.queue,
          replay_id: message.replayId,
          generation: message.generation,
          tenant_id: message.tenantId,
          event_id: message.eventId,
          event_type: message.eventType,
          detail: reason,
        })),
      ),
    ],
  );
}
