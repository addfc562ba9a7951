import type { Tx } from '../platform/postgres.ts';

export type ProjectionState = 'building' | 'verifying' | 'active' | 'retired';
export type RebuildStage = 'folding' | 'finishing' | 'catching-up';

/** What the last comparison with the active version found. */
export type Verified = Readonly<{
  position: bigint;
  /** Figures of money that would change, and how many of them are of closed months. */
  differences: number;
  closed: number;
}>;

/** A version of a projection, as the registry has it. */
export type RegisteredVersion = Readonly<{
  name: string;
  version: number;
  foldVersion: number;
  state: ProjectionState;
  /** Goes up when another version becomes the active one, and when a rebuild is taken up again. */
  epoch: number;
  /** Position that a rebuild folds whole streams up to. */
  target: bigint | null;
  stage: RebuildStage | null;
  verified: Verified | null;
  keepUntil: Date | null;
}>;

type Row = Omit<RegisteredVersion, 'target' | 'verified'> &
  Readonly<{ target: string | null; verified: Readonly<Record<keyof Verified, string>> | null }>;

/** Every version of a projection, locked until the end of the transaction: whoever decides on one decides alone. */
export async function lockVersions(tx: Tx, name: string): Promise<readonly RegisteredVersion[]> {
  const { rows } = await tx.query<Row>(
    `select name, version, fold_version as "foldVersion", state, epoch, target, stage, keep_until as "keepUntil",
       case when verified_position is not null then json_build_object('position', verified_position::text,
         'differences', verified_differences, 'closed', verified_closed) end as verified
     from hookledger.projections where name = $1::text order by version for update`,
    [name],
  );
  return rows.map(({ target, verified, ...row }) => ({
    ...row,
    target: target === null ? null : BigInt(target),
    verified: verified && {
      position: BigInt(verified.position),
      differences: Number(verified.differences),
      closed: Number(verified.closed),
    },
  }));
}

/** What changes of a version; what is left out stays. */
type Changes = Partial<Pick<RegisteredVersion, 'state' | 'stage' | 'verified' | 'keepUntil'>>;

/** The caller holds it locked. */
export async function changeVersion(
  tx: Tx,
  { name, version }: Pick<RegisteredVersion, 'name' | 'version'>,
  { state, stage, verified, keepUntil }: Changes,
): Promise<void> {
  const columns = {
    ...(state === undefined ? {} : { state }),
    ...(stage === undefined ? {} : { stage }),
    ...(keepUntil === undefined ? {} : { keep_until: keepUntil }),
    ...(verified === undefined
      ? {}
      : {
          verified_position: verified?.position.toString() ?? null,
          verified_differences: verified?.differences ?? null,
          verified_closed: verified?.closed ?? null,
        }),
  };
  const names = Object.keys(columns);
  await tx.query(
    `update hookledger.projections set ${names.map((column, index) => `${column} = $${index + 3}`).join(', ')}
     where name = $1::text and version = $2::integer`,
    [name, version, ...Object.values(columns)],
  );
}

/** Whatever still writes under an earlier epoch of these versions changes nothing from now on. */
export async function raiseEpoch(tx: Tx, name: string): Promise<void> {
  await tx.query(`update hookledger.projections set epoch = epoch + 1 where name = $1::text`, [name]);
}
