import type { Pool, Tx } from '../platform/postgres.ts';

type Model = Readonly<{ name: string; version: number }>;

export class UnknownProjectionError extends Error {
  override readonly name = 'UnknownProjectionError';
  readonly code = 'unknown_projection';
}

/** How far all active versions have folded: the least of their checkpoints. Needs no transaction and no scope. */
export async function readActiveCheckpoint(db: Pool | Tx): Promise<bigint> {
  const { rows } = await db.query<{ position: string | null }>({
    name: 'read-active-checkpoint',
    text: `select min(c.position) as position
      from hookledger.projections p
      join hookledger.projection_checkpoints c using (name, version)
      where p.state = 'active'`,
  });
  return BigInt(rows[0]?.position ?? '0');
}

/**
 * Takes the checkpoint that spans all streams, until the end of the transaction, and answers where it stands. Whoever
 * folds beside us waits here, and then goes on from where we stopped.
 */
export async function lockCheckpoint(tx: Tx, model: Model): Promise<bigint> {
  const { rows } = await tx.query<{ position: string }>({
    name: 'lock-checkpoint',
    text: `select position from hookledger.projection_checkpoints
      where name = $1::text and version = $2::integer and fold_range_from = 0 and fold_range_to = 65535
      for update`,
    values: [model.name, model.version],
  });
  return positionOf(model, rows[0]?.position);
}

/** The caller holds it locked. */
export async function moveCheckpoint(tx: Tx, model: Model, position: bigint): Promise<void> {
  await tx.query({
    name: 'move-checkpoint',
    text: `update hookledger.projection_checkpoints set position = $3::bigint
      where name = $1::text and version = $2::integer and fold_range_from = 0`,
    values: [model.name, model.version, String(position)],
  });
}

function positionOf({ name, version }: Model, position: string | null | undefined): bigint {
  if (position === null || position === undefined) {
    throw new UnknownProjectionError(
      `Projection ${name} version ${version} has no checkpoint; is the database migrated by this release?`,
    );
  }
  return BigInt(position);
}
