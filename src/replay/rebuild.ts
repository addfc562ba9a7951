import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { projectionNamed, PROJECTIONS } from '../projections/all-projections.ts';
import type { Projection } from '../projections/projection.ts';
import { createProjectionRunner } from '../projections/run-projection.ts';
import { versionTable } from '../projections/version-table.ts';
import type { Begun, RebuildOrder } from './begin-rebuild.ts';
import { beginRebuild, LAST_FOLD_RANGE } from './begin-rebuild.ts';
import { foldInThreads } from './fold-in-threads.ts';
import { foldRange } from './fold-range.ts';
import type { RebuildPart } from './fold-range.ts';
import { readBroadcast } from './read-broadcast.ts';
import { RebuildTakenOverError } from './rebuild-errors.ts';
import { createRebuildPool } from './rebuild-pool.ts';
import { changeVersion, lockVersions } from './registry.ts';

export type RebuildDeps = Readonly<{
  databaseUrl: string;
  logger: Logger;
  clock: Clock;
  signal: AbortSignal;
  /** The folds that this process has, all in it, without threads; those of the release when left out. */
  projections?: readonly Projection[];
}>;

export type RebuildOptions = RebuildOrder &
  Readonly<{ /** Events a second and worker, at most. */ rate?: number | undefined }>;

export type Rebuilt = Readonly<{
  version: number;
  isResumed: boolean;
  /** False when it was aborted: to be taken up again by the same call. */
  isFinished: boolean;
}>;

/** Events that a batch of the catching up takes. */
const BATCH = 2_000;

/**
 * Folds the whole log into a new version of a projection, beside the active one, which goes on unchanged: first whole
 * streams in `workers` threads, then sums and indexes, then what was recorded meanwhile. It is in state `verifying`
 * after that, and every projector keeps it up to date. Safe to repeat: an unfinished one is taken up where it stopped,
 * with as many workers as it was begun with.
 * @throws ReplayRefusedError, and RebuildTakenOverError when another process took it up meanwhile.
 */
export async function rebuildProjection(deps: RebuildDeps, name: string, options: RebuildOptions): Promise<Rebuilt> {
  const pool = createRebuildPool(deps.databaseUrl, deps.logger);
  try {
    const known = projectionNamed(deps.projections ?? PROJECTIONS, name);
    const begun = await withTransaction(pool, SCOPE, (tx) => beginRebuild(tx, known, options));
    const { version, isResumed } = begun;
    const projection = known.at(version);
    if (begun.stage !== 'catching-up') {
      await foldParts(pool, deps, projection, { ...begun, rate: options.rate });
      if (deps.signal.aborted) return { version, isResumed, isFinished: false };
      await finishFold(pool, projection, begun);
    }
    const isFinished = await catchUp(pool, deps, projection, begun.epoch);
    return { version, isResumed, isFinished };
  } finally {
    await pool.end();
  }
}

const SCOPE = { tenant: '*' };

/** Starting threads takes longer than folding so many events. */
const FEW_EVENTS = 20_000;

async function foldParts(
  pool: Pool,
  { databaseUrl, signal, projections }: RebuildDeps,
  projection: Projection,
  { epoch, target, rate }: Begun & Pick<RebuildOptions, 'rate'>,
): Promise<void> {
  const { name, version, foldVersion } = projection;
  const parts = await withTransaction(pool, SCOPE, (tx) => readParts(tx, name, version));
  const open = parts.filter(({ folded, to }) => folded !== to);
  const left = open.reduce((sum, { eventsLeft }) => sum + eventsLeft, 0);
  if (left > FEW_EVENTS && projections === undefined) {
    await foldInThreads({ databaseUrl, name, version, foldVersion, epoch, target: String(target), rate }, open, signal);
    return;
  }
  const broadcast = await withTransaction(pool, SCOPE, (tx) => readBroadcast(tx, projection, target));
  for (const part of open) {
    // oxlint-disable-next-line no-await-in-loop -- one process folds one part at a time
    await foldRange({ pool, projection, epoch, target, broadcast, rate, signal }, part);
  }
}

async function readParts(
  tx: Tx,
  name: string,
  version: number,
): Promise<readonly (RebuildPart & Readonly<{ eventsLeft: number }>)[]> {
  const { rows } = await tx.query<RebuildPart & { eventsLeft: number }>(
    `select fold_range_from as "from", fold_range_to as "to", folded_range as folded,
       (expected_events - events)::integer as "eventsLeft"
     from hookledger.projection_checkpoints where name = $1::text and version = $2::integer order by 1`,
    [name, version],
  );
  return rows;
}

/**
 * What crosses streams, then, table by table, sums and indexes, each in a transaction of its own; the parts become one
 * checkpoint, from which a projector can go on. Safe to repeat: what was done is passed over.
 */
async function finishFold(pool: Pool, projection: Projection, { epoch, target }: Begun): Promise<void> {
  const { name, version, wholeStreams, tables } = projection;
  await withTransaction(pool, SCOPE, async (tx) => {
    await holdBuilding(tx, projection, epoch);
    await changeVersion(tx, projection, { stage: 'finishing' });
  });
  await withTransaction(pool, SCOPE, async (tx) => {
    await wholeStreams.finish(tx, await readBroadcast(tx, projection, target));
  });
  // What is summed reads the lines, whose indexes would shut it out.
  const open = [...tables].toSorted((a, b) => Number(b in wholeStreams.sums) - Number(a in wholeStreams.sums)).values();
  const finishTables = async (): Promise<void> => {
    for (const table of open) {
      // oxlint-disable-next-line no-await-in-loop -- whoever is free takes the next table
      await withTransaction(pool, SCOPE, (tx) => finishTable(tx, projection, table));
    }
  };
  await Promise.all(Array.from({ length: TABLES_AT_ONCE }, finishTables));
  await withTransaction(pool, SCOPE, async (tx) => {
    await holdBuilding(tx, projection, epoch);
    await joinParts(tx, { name, version, target });
    await changeVersion(tx, projection, { stage: 'catching-up' });
  });
}

/** PostgreSQL works at each on one core. */
const TABLES_AT_ONCE = 2;

async function finishTable(tx: Tx, { name, version, wholeStreams }: Projection, table: string): Promise<void> {
  const sums = wholeStreams.sums[table];
  const { rows } = await tx.query<{ isIndexed: boolean }>(
    `select exists (select from pg_constraint where conrelid = $1::regclass and contype = 'p') as "isIndexed"`,
    [versionTable(table, version)],
  );
  if (rows[0]?.isIndexed === true) return;
  if (sums !== undefined) await tx.query(sums);
  await tx.query('select hookledger.index_version_table($1::text, $2::integer, $3::text)', [name, version, table]);
}

async function joinParts(
  tx: Tx,
  { name, version, target }: Readonly<{ name: string; version: number; target: bigint }>,
): Promise<void> {
  await tx.query(
    `update hookledger.projection_checkpoints c
     set fold_range_to = $3::integer, position = $4::bigint, events = part.events, expected_events = part.events
     from (
       select sum(events)::bigint as events from hookledger.projection_checkpoints
       where name = $1::text and version = $2::integer
     ) part
     where c.name = $1::text and c.version = $2::integer and c.fold_range_from = 0`,
    [name, version, LAST_FOLD_RANGE, String(target)],
  );
  await tx.query(
    `delete from hookledger.projection_checkpoints
     where name = $1::text and version = $2::integer and fold_range_from > 0`,
    [name, version],
  );
}

/** @throws RebuildTakenOverError */
async function holdBuilding(tx: Tx, { name, version }: Projection, epoch: number): Promise<void> {
  const held = (await lockVersions(tx, name)).find((each) => each.version === version);
  if (held?.state !== 'building' || held.epoch !== epoch) throw new RebuildTakenOverError(name, version);
}

/** As a projector does it. Answers false when aborted. */
async function catchUp(
  pool: Pool,
  { logger, clock, signal }: RebuildDeps,
  projection: Projection,
  epoch: number,
): Promise<boolean> {
  const runner = createProjectionRunner({ pool, projection, logger, clock, batchSize: BATCH });
  for (;;) {
    if (signal.aborted) return false;
    // oxlint-disable-next-line no-await-in-loop -- batch by batch
    const { events } = await runner.tick();
    // What still comes is the projectors', who take it over when it says `verifying`.
    if (events < BATCH) break;
  }
  await withTransaction(pool, SCOPE, async (tx) => {
    await holdBuilding(tx, projection, epoch);
    await changeVersion(tx, projection, { state: 'verifying', stage: null });
  });
  return true;
}
