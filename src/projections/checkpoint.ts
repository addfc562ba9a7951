import type { Pool, Tx } from '../platform/postgres.ts';

type Model = Readonly<{ name: string; version: number }>;

class UnknownProjectionError extends Error {
  override readonly name = 'UnknownProjectionError';
  readonly code = 'unknown_projection';
}

/**
 * How far all of the models have folded: the least of their fold ranges' checkpoints. One model at least. Needs no
 * transaction and no scope.
 * @throws UnknownProjectionError when there is no such version.
 */
export async function readCheckpoint(db: Pool | Tx, models: readonly Model[]): Promise<bigint> {
  const { rows } = await db.query<Model & { position: string | null }>({
    name: 'read-checkpoint',
    text: `select m.name, m.version, min(c.position) as position
      from unnest($1::text[], $2::integer[]) m (name, version)
      left join hookledger.projection_checkpoints c on c.name = m.name and c.version = m.version
      group by m.name, m.version`,
    values: [models.map(({ name }) => name), models.map(({ version }) => version)],
  });
  return rows.map((row) => positionOf(row, row.position)).reduce((a, b) => (a < b ? a : b));
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
