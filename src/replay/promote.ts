import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { PROJECTIONS } from '../projections/all-projections.ts';
import type { Projection } from '../projections/projection.ts';
import type { HeldVersions, Versioned } from './hold-versions.ts';
import { holdVersions } from './hold-versions.ts';
import { ReplayRefusedError } from './rebuild-errors.ts';
import type { RegisteredVersion } from './registry.ts';
import { changeVersion, lockVersions, raiseEpoch } from './registry.ts';

export type Promoted = Readonly<{ name: string; from: number; to: number; position: bigint; keepUntil: Date }>;

export type Keeping = Readonly<{
  now: Date;
  /** How long the version that was active is kept up to date. */
  keepMs: number;
  /** The folds that this process has; those of the release when left out. */
  projections?: readonly Projection[];
}>;

/** `acceptDifferences`: whoever has read the report says so; without it a version whose money differs is refused. */
export type PromoteOptions = Keeping & Readonly<{ acceptDifferences: boolean }>;

/**
 * Makes the verified version the active one, at the position where the other one stands: whoever reads sees one or the
 * other, and figures that go on. In one short transaction.
 * @throws ReplayRefusedError `not_rebuilt`, `not_verified`, `differs`.
 */
export async function promoteRebuild(pool: Pool, name: string, options: PromoteOptions): Promise<Promoted> {
  return withTransaction(pool, { tenant: '*' }, async (tx) => {
    const held = await holdVersions(tx, versioned(name, options), (versions) =>
      versions.find(({ state }) => state === 'verifying'),
    );
    assertMayBePromoted(held.other, options);
    return exchange(tx, held, options);
  });
}

/**
 * Makes the version active again that was so before, and is kept up to date since. What replaced it is kept now.
 * @throws ReplayRefusedError `not_rebuilt` where none is kept.
 */
export async function rollBackPromotion(pool: Pool, name: string, keeping: Keeping): Promise<Promoted> {
  return withTransaction(pool, { tenant: '*' }, async (tx) => {
    const isKept = ({ state, keepUntil }: RegisteredVersion): boolean =>
      state === 'retired' && keepUntil !== null && keepUntil > keeping.now;
    const held = await holdVersions(
      tx,
      versioned(name, keeping),
      (versions) => versions.filter(isKept).toSorted((a, b) => Number(b.keepUntil) - Number(a.keepUntil))[0],
    );
    return exchange(tx, held, keeping);
  });
}

/**
 * Drops a version that is not active, with its tables; a rebuild that is under way ends with it.
 * @throws ReplayRefusedError `unknown_version`, `in_the_way` for the active one.
 */
export async function dropVersion(pool: Pool, name: string, version: number): Promise<void> {
  await withTransaction(pool, { tenant: '*' }, async (tx) => {
    const found = (await lockVersions(tx, name)).find((each) => each.version === version);
    if (found === undefined) {
      throw new ReplayRefusedError(
        'unknown_version',
        `There is no version ${version} of ${name}; see hookledger projections list.`,
      );
    }
    if (found.state === 'active') {
      throw new ReplayRefusedError(
        'in_the_way',
        `Version ${version} of ${name} is the active one; promote another one first.`,
      );
    }
    await tx.query('select hookledger.drop_version($1::text, $2::integer)', [name, version]);
  });
}

function assertMayBePromoted(
  { name, version, verified }: RegisteredVersion,
  { acceptDifferences }: PromoteOptions,
): void {
  if (verified === null) {
    throw new ReplayRefusedError(
      'not_verified',
      `Version ${version} of ${name} was not compared with the active one: hookledger projections verify ${name}.`,
    );
  }
  if (verified.closed > 0) {
    throw new ReplayRefusedError(
      'differs',
      `Version ${version} of ${name} would change ${verified.closed} figures of closed months, and what was reported ` +
        `does not change; see hookledger projections verify ${name}. Reopen those months first, or mend the fold.`,
    );
  }
  if (verified.differences > 0 && !acceptDifferences) {
    throw new ReplayRefusedError(
      'differs',
      `Version ${version} of ${name} would change ${verified.differences} figures; read the report (hookledger ` +
        `projections verify ${name}), then promote with --accept-differences.`,
    );
  }
}

function versioned(name: string, { projections = PROJECTIONS }: Keeping): Versioned {
  return { name, projections };
}

async function exchange(
  tx: Tx,
  { active, other, position }: HeldVersions,
  { now, keepMs }: Keeping,
): Promise<Promoted> {
  const keepUntil = new Date(now.getTime() + keepMs);
  await changeVersion(tx, active, { state: 'retired', keepUntil });
  await changeVersion(tx, other, { state: 'active', keepUntil: null });
  await raiseEpoch(tx, active.name);
  return { name: active.name, from: active.version, to: other.version, position, keepUntil };
}
