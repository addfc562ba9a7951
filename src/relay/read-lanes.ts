import type { Tx } from '../platform/postgres.ts';

/** The outbox of one tenant and queue, and how far it is published. */
export type Lane = Readonly<{ tenantId: string; queue: string; shard: number; cursor: bigint; weight: number }>;

export type LanesBehind = Readonly<{ mark: bigint; lanes: readonly Lane[] }>;

type LaneRow = Readonly<{
  mark: string;
  tenant_id: string | null;
  queue: string;
  shard: number;
  published_position: string;
  weight: number;
}>;

/** All lanes of these shards with something to publish. Looks into every lane: for the start, not for every round. */
export async function readAllLanesBehind(tx: Tx, shards: readonly number[]): Promise<LanesBehind> {
  const { rows } = await tx.query<LaneRow>(
    `select m.position as mark, l.*
     from hookledger.high_water_mark m
     left join lateral (
       select l.tenant_id, l.queue, l.shard, l.published_position, t.weight
       from hookledger.lanes l join hookledger.tenants t on t.id = l.tenant_id
       where l.shard = any ($1::integer[]) and exists (
         select from hookledger.outbox o
         where o.tenant_id = l.tenant_id and o.queue = l.queue
           and o.position > l.published_position and o.position <= m.position)
     ) l on true`,
    [shards],
  );
  return lanesBehind(rows);
}

/** Lanes of these shards that got rows in (after, mark]: one range read, whatever the number of idle lanes. */
export async function readNewLanesBehind(tx: Tx, shards: readonly number[], after: bigint): Promise<LanesBehind> {
  const { rows } = await tx.query<LaneRow>({
    name: 'read-new-lanes-behind',
    text: `select m.position as mark, l.*
     from hookledger.high_water_mark m
     left join lateral (
       select l.tenant_id, l.queue, l.shard, l.published_position, t.weight
       from (
         select distinct o.tenant_id, o.queue from hookledger.outbox o
         where o.position > $2::bigint and o.position <= m.position
       ) fresh
       join hookledger.lanes l on l.tenant_id = fresh.tenant_id and l.queue = fresh.queue
       join hookledger.tenants t on t.id = l.tenant_id
       where l.shard = any ($1::integer[])
     ) l on true`,
    values: [shards, String(after)],
  });
  return lanesBehind(rows);
}

function lanesBehind(rows: readonly LaneRow[]): LanesBehind {
  return {
    mark: BigInt(rows[0]?.mark ?? '0'),
    lanes: rows.flatMap((row) =>
      row.tenant_id === null
        ? []
        : [
            {
              tenantId: row.tenant_id,
              queue: row.queue,
              shard: row.shard,
              cursor: BigInt(row.published_position),
              weight: row.weight,
            },
          ],
    ),
  };
}
