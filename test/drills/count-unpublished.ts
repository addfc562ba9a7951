import type { Pool } from '../../src/platform/postgres.ts';

/** Outbox rows beyond the cursors of the lanes that the relay of this process has leased. */
export async function countUnpublished(pool: Pool, pid: number): Promise<number> {
  const { rows } = await pool.query<{ waiting: number }>(
    `select count(*)::integer as waiting
     from hookledger.leases s
     join hookledger.lanes l on 'relay-' || l.shard = s.name
     join hookledger.outbox o on o.tenant_id = l.tenant_id and o.queue = l.queue and o.position > l.published_position
     where s.owner like $1::text || '-%'`,
    [String(pid)],
  );
  return rows[0]?.waiting ?? 0;
}

/** Lanes in use that the relay of this process has leased. */
export async function countLanesHeld(pool: Pool, pid: number): Promise<number> {
  const { rows } = await pool.query<{ lanes: number }>(
    `select count(*)::integer as lanes
     from hookledger.leases s join hookledger.lanes l on 'relay-' || l.shard = s.name
     where s.owner like $1::text || '-%' and l.published_position > 0`,
    [String(pid)],
  );
  return rows[0]?.lanes ?? 0;
}
