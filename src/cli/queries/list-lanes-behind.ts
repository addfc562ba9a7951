import type { Tx } from '../../platform/postgres.ts';

/** A lane whose outbox holds rows that are not published yet. */
export type LaneBehind = Readonly<{
  tenantId: string;
  queue: string;
  shard: number;
  publishedPosition: string;
  /** Rows that wait, counted up to `MAX_COUNTED`. */
  waiting: number;
  /** How long ago the first of them was recorded. */
  oldestSeconds: number;
}>;

/** A lane that is further behind is counted no further: the answer would not change what to do. */
export const MAX_COUNTED = 10_000;

/** Those that wait longest first. */
export async function listLanesBehind(tx: Tx, { limit }: { limit: number }): Promise<readonly LaneBehind[]> {
  const { rows } = await tx.query<LaneBehind>(
    `select l.tenant_id as "tenantId", l.queue, l.shard, l.published_position as "publishedPosition", w.waiting,
       coalesce(extract(epoch from clock_timestamp() - e.recorded_at), 0)::float8 as "oldestSeconds"
     from hookledger.high_water_mark m
     cross join hookledger.lanes l
     cross join lateral (
       select count(*)::integer as waiting, min(position) as first
       from (
         select o.position from hookledger.outbox o
         where o.tenant_id = l.tenant_id and o.queue = l.queue
           and o.position > l.published_position and o.position <= m.position
         order by o.position limit $2::integer
       ) o
     ) w
     left join hookledger.events e on e.position = w.first
     where w.waiting > 0
     order by w.first
     limit $1::integer`,
    [limit, MAX_COUNTED],
  );
  return rows;
}
