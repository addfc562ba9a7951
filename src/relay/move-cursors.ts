import { buryJobs } from '../event-store/bury-jobs.ts';
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
  await buryJobs(
    tx,
    refused.map(({ message, reason }) => ({ ...message, cause: 'refused-by-transport', detail: reason, attempts: 0 })),
  );
}
