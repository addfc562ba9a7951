import type { Tx } from '../platform/postgres.ts';

export type ShardLease = Readonly<{ shard: number; token: bigint }>;

/**
 * Takes every relay shard that is free or already ours, for `seconds` from now by the database's clock. The token of
 * a shard grows with each new owner: whoever writes under an older token changes nothing. Safe to repeat.
 */
export async function leaseShards(tx: Tx, owner: string, seconds: number): Promise<readonly ShardLease[]> {
  const { rows } = await tx.query<{ name: string; token: string }>(
    `update hookledger.leases l
     set owner = $1::text, lease_until = clock_timestamp() + make_interval(secs => $2::integer),
       token = token + (l.owner is distinct from $1::text)::integer
     from (
       select name from hookledger.leases
       where name like 'relay-%' and (owner = $1::text or lease_until < clock_timestamp())
       order by name for update skip locked
     ) free
     where l.name = free.name
     returning l.name, l.token`,
    [owner, seconds],
  );
  return rows.map((row) => ({ shard: Number(row.name.slice('relay-'.length)), token: BigInt(row.token) }));
}

/** Gives all shards back at once, so that the next relay need not wait for the lease to run out. */
export async function releaseShards(tx: Tx, owner: string): Promise<void> {
  await tx.query(
    `update hookledger.leases set owner = null, lease_until = '-infinity'
     where name like 'relay-%' and owner = $1::text`,
    [owner],
  );
}
