import type { Tx } from '../platform/postgres.ts';
import type { Projection } from '../projections/projection.ts';
import { ReplayRefusedError } from './rebuild-errors.ts';
import type { RegisteredVersion } from './registry.ts';
import { lockVersions, raiseEpoch } from './registry.ts';

/** Fold ranges are numbered from 0 to here. */
export const LAST_FOLD_RANGE = 65_535;

export type RebuildOrder = Readonly<{ workers: number; by: string; reason: string }>;

/** A version that is being built, and whether it had been begun before. */
export type Begun = Readonly<{
  version: number;
  epoch: number;
  target: bigint;
  stage: RegisteredVersion['stage'];
  isResumed: boolean;
}>;

/**
 * Makes a new version beside the active one, with tables of its own and as many parts as workers; or takes up the one
 * that was begun and is not finished: whoever else works at it is out of it then. The target is where the high-water
 * mark stands now.
 * @throws ReplayRefusedError `unknown_projection`, or `in_the_way` where a finished version waits to be promoted or dropped.
 */
export async function beginRebuild(
  tx: Tx,
  projection: Projection,
  { workers, by, reason }: RebuildOrder,
): Promise<Begun> {
  const { name, foldVersion } = projection;
  const versions = await lockVersions(tx, name);
  if (versions.length === 0) {
    throw new ReplayRefusedError(
      'unknown_projection',
      `There is no projection ${name}; see hookledger projections list.`,
    );
  }
  await raiseEpoch(tx, name);
  const begun = versions.find(({ state }) => state === 'building');
  if (begun !== undefined) {
    const { version, epoch, target, stage } = begun;
    if (begun.foldVersion !== foldVersion) {
      throw new ReplayRefusedError(
        'in_the_way',
        `Version ${version} of ${name} was begun with version ${begun.foldVersion} of the fold, and this release has ` +
          `${foldVersion}: finish it with the other release, or drop it (hookledger projections drop ${name} ${version}).`,
      );
    }
    return { version, epoch: epoch + 1, target: target ?? 0n, stage, isResumed: true };
  }
  const waiting = versions.find(({ state }) => state === 'verifying');
  if (waiting !== undefined) {
    throw new ReplayRefusedError(
      'in_the_way',
      `Version ${waiting.version} of ${name} is rebuilt and waits: promote it (hookledger projections promote ${name}) ` +
        `or drop it (hookledger projections drop ${name} ${waiting.version}).`,
    );
  }
  const version = Math.max(...versions.map((each) => each.version)) + 1;
  const target = await readMark(tx);
  await tx.query(
    `insert into hookledger.projections (name, version, fold_version, state, target, stage, started_at, started_by, reason)
     values ($1::text, $2::integer, $3::integer, 'building', $4::bigint, 'folding', clock_timestamp(), $5::text, $6::text)`,
    [name, version, foldVersion, String(target), by, reason],
  );
  await tx.query('select hookledger.create_version_tables($1::text, $2::integer)', [name, version]);
  await tx.query(
    `insert into hookledger.projection_checkpoints (name, version, fold_range_from, fold_range_to, expected_events)
     select $1::text, $2::integer, r.first, r.last, (
       select count(*) from hookledger.events e
       where e.position <= $3::bigint and e.type = any ($4::text[]) and e.fold_range between r.first and r.last)
     from unnest($5::integer[], $6::integer[]) r (first, last)`,
    [name, version, String(target), ownTypes(projection), ...partsOf(workers)],
  );
  return { version, epoch: 0, target, stage: 'folding', isResumed: false };
}

/** What is read stream by stream: broadcast events come to each stream from elsewhere. */
export function ownTypes({ types, wholeStreams }: Projection): Projection['types'] {
  return types.filter((type) => !wholeStreams.broadcast.includes(type));
}

function partsOf(workers: number): [number[], number[]] {
  const starts = Array.from({ length: workers }, (_, part) => Math.floor((part * (LAST_FOLD_RANGE + 1)) / workers));
  return [starts, starts.map((_, part) => (starts[part + 1] ?? LAST_FOLD_RANGE + 1) - 1)];
}

async function readMark(tx: Tx): Promise<bigint> {
  const { rows } = await tx.query<{ position: string }>('select position from hookledger.high_water_mark');
  return BigInt(rows[0]?.position ?? '0');
}
