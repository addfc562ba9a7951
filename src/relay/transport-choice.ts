import type { Tx } from '../platform/postgres.ts';

export const TRANSPORT_KINDS = ['redis', 'postgres'] as const;
export type TransportKind = (typeof TRANSPORT_KINDS)[number];

export type TransportChoice = Readonly<{
  /** 0 until the first switch. */
  epoch: bigint;
  /** What an operator chose last; undefined until the first switch: the one that is configured. */
  chosen: TransportKind | undefined;
  /** Every one that was ever chosen. */
  everChosen: readonly TransportKind[];
}>;

export type TransportSwitch = Readonly<{
  epoch: bigint;
  transport: TransportKind;
  by: string;
  reason: string;
  at: Date;
}>;

export async function readTransportChoice(tx: Tx): Promise<TransportChoice> {
  const { rows } = await tx.query<{ transport: TransportKind; epoch: string }>({
    name: 'read-transport-choice',
    text: `select transport, max(epoch) as epoch from hookledger.transport_switches group by transport
      order by max(epoch) desc`,
  });
  return {
    epoch: BigInt(rows[0]?.epoch ?? '0'),
    chosen: rows[0]?.transport,
    everChosen: rows.map(({ transport }) => transport),
  };
}

/**
 * Chooses the transport that relays publish to from the commit on, in the caller's transaction. Every shard gets a new
 * token with it, so that no relay that has not seen it moves a cursor any more: what it has published to the transport
 * before is published again to this one. Answers the epoch that is in force.
 */
export async function switchTransport(
  tx: Tx,
  order: Readonly<{ to: TransportKind; by: string; reason: string }>,
): Promise<bigint> {
  // Waits for cursors that are on their way, and for another switch.
  await tx.query(
    `with shards as (
       select name from hookledger.leases where name like 'relay-%' order by name for update
     )
     update hookledger.leases l set token = l.token + 1 from shards s where l.name = s.name`,
  );
  const { rows } = await tx.query<{ epoch: string }>(
    `insert into hookledger.transport_switches (epoch, transport, switched_by, reason)
     select coalesce(max(epoch), 0) + 1, $1::text, $2::text, $3::text from hookledger.transport_switches
     returning epoch`,
    [order.to, order.by, order.reason],
  );
  return BigInt(rows[0]?.epoch ?? '0');
}

/** The last ones, newest first. */
export async function listTransportSwitches(tx: Tx, limit: number): Promise<readonly TransportSwitch[]> {
  const { rows } = await tx.query<{
    epoch: string;
    transport: TransportKind;
    switched_by: string;
    reason: string;
    switched_at: Date;
  }>(
    `select epoch, transport, switched_by, reason, switched_at from hookledger.transport_switches
     order by epoch desc limit $1::integer`,
    [limit],
  );
  return rows.map((row) => ({
    epoch: BigInt(row.epoch),
    transport: row.transport,
    by: row.switched_by,
    reason: row.reason,
    at: row.switched_at,
  }));
}
