import type { Logger } from '../../platform/logger.ts';
import { systemClock } from '../../platform/clock.ts';
import { createRebuildPool } from '../../replay/rebuild-pool.ts';
import { dropVersion, promoteRebuild, rollBackPromotion } from '../../replay/promote.ts';
import type { Promoted } from '../../replay/promote.ts';
import { listVersions } from '../../replay/list-versions.ts';
import { rebuildProjection } from '../../replay/rebuild.ts';
import { verifyRebuild } from '../../replay/verify.ts';
import type { Verification } from '../../replay/verify.ts';
import { watchRebuild } from '../../replay/watch-rebuild.ts';
import type { Pool } from '../../platform/postgres.ts';
import { withTransaction } from '../../platform/postgres.ts';
import { DEMO_FOLD, DEMO_PROJECTIONS } from './started-minutes.ts';

export type DemoReplay = Readonly<{ lines: string; verification: Verification; promoted: Promoted; back: Promoted }>;

const KEEP_MS = 3_600_000;

/**
 * Rebuilds usage by the demo's second fold, beside the servers that go on, compares, promotes, and goes back, so that the
 * data is that of the release again. Safe to repeat.
 */
export async function replayDemo({
  databaseUrl,
  logger,
  signal,
  onProgress,
}: {
  databaseUrl: string;
  logger: Logger;
  signal: AbortSignal;
  onProgress: (events: number, expected: number) => void;
}): Promise<DemoReplay> {
  const pool = createRebuildPool(databaseUrl, logger);
  const projections = DEMO_PROJECTIONS;
  try {
    await clear(pool);
    const order = { workers: 2, by: 'demo', reason: 'calls count by started minutes from November on' };
    const deps = { databaseUrl, logger, clock: systemClock, signal, projections };
    const endWatching = watchRebuild(pool, 'usage', onProgress);
    const { version } = await rebuildProjection(deps, 'usage', order).finally(endWatching);
    const rebuilt = (await withTransaction(pool, { tenant: '*' }, listVersions)).find(
      (each) => each.name === 'usage' && each.version === version,
    );
    onProgress(Number(rebuilt?.events), Number(rebuilt?.expectedEvents));
    const verification = await verifyRebuild(pool, 'usage', projections);
    const keeping = { now: systemClock.now(), keepMs: KEEP_MS, projections };
    const promoted = await promoteRebuild(pool, 'usage', { ...keeping, acceptDifferences: true });
    const back = await rollBackPromotion(pool, 'usage', keeping);
    await dropVersion(pool, 'usage', version);
    const lines = verification.tables.find(({ table }) => table === 'usage_lines')?.rebuilt.rows ?? '0';
    return { lines, verification, promoted, back };
  } finally {
    await pool.end();
  }
}

/** What a run that was interrupted has left: back to the fold of the release, and nothing of the demo's beside it. */
async function clear(pool: Pool): Promise<void> {
  const versions = await withTransaction(pool, { tenant: '*' }, listVersions);
  const ours = versions.filter(({ name, foldVersion }) => name === 'usage' && foldVersion === DEMO_FOLD);
  if (ours.some(({ state }) => state === 'active'))
    await rollBackPromotion(pool, 'usage', { now: systemClock.now(), keepMs: KEEP_MS, projections: DEMO_PROJECTIONS });
  // oxlint-disable-next-line no-await-in-loop -- one after the other, each locks them all
  for (const { version } of ours) await dropVersion(pool, 'usage', version);
}
