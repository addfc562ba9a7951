import type { Tx } from '../platform/postgres.ts';
import { projectionNamed } from '../projections/all-projections.ts';
import type { Projection } from '../projections/projection.ts';
import { lockCheckpoint } from '../projections/checkpoint.ts';
import { foldUpTo } from '../projections/fold-up-to.ts';
import { ReplayRefusedError } from './rebuild-errors.ts';
import type { RegisteredVersion } from './registry.ts';
import { lockVersions } from './registry.ts';

/** A projection by its name, and the folds that this process has. */
export type Versioned = Readonly<{ name: string; projections: readonly Projection[] }>;

/** The active version and another one, both at one position, which neither leaves before the transaction ends. */
export type HeldVersions = Readonly<{ active: RegisteredVersion; other: RegisteredVersion; position: bigint }>;

/**
 * Holds both versions' checkpoints and folds the one that is behind up to the other: nobody folds into either meanwhile,
 * so that what the transaction reads of them belongs together.
 * @throws ReplayRefusedError `unknown_projection`, `not_rebuilt` where `choose` finds none.
 */
export async function holdVersions(
  tx: Tx,
  { name, projections }: Versioned,
  choose: (versions: readonly RegisteredVersion[]) => RegisteredVersion | undefined,
): Promise<HeldVersions> {
  const versions = await lockVersions(tx, name);
  const active = versions.find(({ state }) => state === 'active');
  if (active === undefined) {
    throw new ReplayRefusedError(
      'unknown_projection',
      `There is no projection ${name}; see hookledger projections list.`,
    );
  }
  const other = choose(versions);
  if (other === undefined) {
    throw new ReplayRefusedError(
      'not_rebuilt',
      `No version of ${name} is there for that; see hookledger projections list, and rebuild one: ` +
        `hookledger projections rebuild ${name}.`,
    );
  }
  // In the order of their versions, as everybody does it.
  const [first, second] = [active, other]
    .toSorted((a, b) => a.version - b.version)
    .map(({ version, foldVersion }) => projectionNamed(projections, name, foldVersion).at(version));
  if (first === undefined || second === undefined) throw new RangeError('Two versions are two.');
  const positions = [await lockCheckpoint(tx, first), await lockCheckpoint(tx, second)] as const;
  const position = positions[0] > positions[1] ? positions[0] : positions[1];
  await foldUpTo(tx, first, position);
  await foldUpTo(tx, second, position);
  return { active, other, position };
}
