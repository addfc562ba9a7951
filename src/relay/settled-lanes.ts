import type { Tx } from '../platform/postgres.ts';

/** A lane in which something is published of which it is not known that it has ended. */
export type PublishedLane = Readonly<{ tenantId: string; queue: string; published: bigint; settled: bigint }>;

export type SettledLane = Readonly<{ tenantId: string; queue: string; position: bigint }>;

/** Compares the two cursors of every lane; an idle one costs no more than that. */
export async function readPublishedLanes(tx: Tx): Promise<readonly PublishedLane[]> {
  const { rows } = await tx.query<{ tenant_id: string; queue: string; published: string; settled: string }>(
    `select l.tenant_id, l.queue, l.published_position as published, coalesce(s.position, 0) as settled
     from hookledger.lanes l
     left join hookledger.settled_lanes s on s.tenant_id = l.tenant_id and s.queue = l.queue
     where l.published_position > coalesce(s.position, 0)`,
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    queue: row.queue,
    published: BigInt(row.published),
    settled: BigInt(row.settled),
  }));
}

/**
 * How far the log was known to reach so many seconds ago: what stands at or below has been there for that long. From
 * the history of the mark, which has a row a second at most, so that it may be a little older.
 */
export async function readMarkOf(tx: Tx, secondsAgo: number): Promise<bigint> {
  const { rows } = await tx.query<{ position: string }>(
    `select position from hookledger.high_water_mark_history
     where at <= clock_timestamp() - make_interval(secs => $1::integer)
     order by at desc limit 1`,
    [secondsAgo],
  );
  return BigInt(rows[0]?.position ?? '0');
}

/** Never moves back. */
export async function writeSettledLanes(tx: Tx, lanes: readonly SettledLane[]): Promise<void> {
  if (lanes.length === 0) return;
  await tx.query(
    `insert into hookledger.settled_lanes as s (tenant_id, queue, position)
     select l.tenant_id, l.queue, l.position
     from unnest($1::text[], $2::text[], $3::bigint[]) l (tenant_id, queue, position)
     order by l.tenant_id collate "C", l.queue
     on conflict on constraint settled_lanes_pkey do update set position = excluded.position
     where s.position < excluded.position`,
    [
      lanes.map(({ tenantId }) => tenantId),
      lanes.map(({ queue }) => queue),
      lanes.map(({ position }) => String(position)),
    ],
  );
}
