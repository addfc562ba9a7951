import type { Tx } from '../platform/postgres.ts';

export type ShardLease = Readonly<{ shard: number; token: bigint }>;

export type LeasedShards = Readonly<{
  leases: readonly ShardLease[];
  /** Whether another relay holds more than its share, which it gives up when it renews its lease. */
  isSurplusElsewhere: boolean;
  /** Until the next lease of another relay ends, which is when a dead one's shards are free; undefined without any. */
  othersEndInMs: number | undefined;
}>;

/**
 * Takes this relay's share of the shards for `seconds` from now by the database's clock: of those that it holds and
 * those that are free at most so many as fall to each live relay; what it holds beyond that is free for the others at
 * once. The token of a shard grows with each new owner: whoever writes under an older token changes nothing. Safe to
 * repeat. Call it between rounds: a shard that is given up must have no publication under way.
 */
export async function leaseShards(tx: Tx, owner: string, seconds: number): Promise<LeasedShards> {
  await announce(tx, owner, seconds);
  const share = await shareOf(tx, owner);
  const leases = await takeShards(tx, { owner, seconds, limit: share });
  await releaseShards(tx, owner, leases);
  return { leases, ...(await lookAtOthers(tx, owner, share)) };
}

/** A relay that has no shard yet must be seen by those that have too many. */
async function announce(tx: Tx, owner: string, seconds: number): Promise<void> {
  await tx.query(
    `with gone as (
       select name from hookledger.leases
       where name like 'relays/%' and owner <> $1::text and lease_until < clock_timestamp()
       order by name for update skip locked
     ), forgotten as (
       delete from hookledger.leases l using gone where l.name = gone.name
     )
     insert into hookledger.leases (name, owner, lease_until)
     values ('relays/' || $1::text, $1::text, clock_timestamp() + make_interval(secs => $2::integer))
     on conflict on constraint leases_pkey do update set lease_until = excluded.lease_until`,
    [owner, seconds],
  );
}

/** All shards by the live relays, rounded up: itself, and who has announced itself or still holds a lease. */
async function shareOf(tx: Tx, owner: string): Promise<number> {
  const { rows } = await tx.query<{ share: number }>(
    `select ceil(
       (select count(*) from hookledger.leases where name like 'relay-%')::numeric / count(distinct r.owner))::integer
       as share
     from (
       select $1::text as owner
       union all
       select l.owner from hookledger.leases l
       where (l.name like 'relays/%' or l.name like 'relay-%') and l.lease_until >= clock_timestamp()
     ) r`,
    [owner],
  );
  return rows[0]?.share ?? 0;
}

async function takeShards(
  tx: Tx,
  { owner, seconds, limit }: { owner: string; seconds: number; limit: number },
): Promise<readonly ShardLease[]> {
  const { rows } = await tx.query<{ name: string; token: string }>(
    `update hookledger.leases l
     set owner = $1::text, lease_until = clock_timestamp() + make_interval(secs => $2::integer),
       token = token + (l.owner is distinct from $1::text)::integer
     from (
       select name from hookledger.leases
       where name like 'relay-%' and (owner = $1::text or lease_until < clock_timestamp())
       order by (owner is distinct from $1::text), name
       limit $3::integer
       for update skip locked
     ) mine
     where l.name = mine.name
     returning l.name, l.token`,
    [owner, seconds, limit],
  );
  return rows.map((row) => ({ shard: Number(row.name.slice('relay-'.length)), token: BigInt(row.token) }));
}

/** Gives shards back at once, so that the next relay need not wait for the lease to run out: all but those kept. */
async function releaseShards(tx: Tx, owner: string, kept: readonly ShardLease[]): Promise<void> {
  await tx.query(
    `update hookledger.leases set owner = null, lease_until = '-infinity'
     where name like 'relay-%' and owner = $1::text and name <> all ($2::text[])`,
    [owner, kept.map(({ shard }) => `relay-${shard}`)],
  );
}

async function lookAtOthers(tx: Tx, owner: string, share: number): Promise<Omit<LeasedShards, 'leases'>> {
  const { rows } = await tx.query<{ endInMs: number | null; isSurplusElsewhere: boolean }>(
    `select ceil(extract(epoch from min(r.lease_until) - clock_timestamp()) * 1000)::integer as "endInMs",
       coalesce(bool_or(r.shards > $2::integer), false) as "isSurplusElsewhere"
     from (
       select owner, min(lease_until) as lease_until, count(*) as shards
       from hookledger.leases
       where name like 'relay-%' and owner <> $1::text and lease_until >= clock_timestamp()
       group by owner
     ) r`,
    [owner, share],
  );
  return { isSurplusElsewhere: rows[0]?.isSurplusElsewhere ?? false, othersEndInMs: rows[0]?.endInMs ?? undefined };
}

/** Leaves the relays: its shards are free at once, and the others share all of them. Safe to repeat. */
export async function leaveRelays(tx: Tx, owner: string): Promise<void> {
  await releaseShards(tx, owner, []);
  await tx.query(`delete from hookledger.leases where name = 'relays/' || $1::text`, [owner]);
}
