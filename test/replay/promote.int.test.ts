import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { readModels } from '../../src/finance/read-models.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { usageProjection } from '../../src/projections/usage-projection.ts';
import { createProjectionRunner } from '../../src/projections/run-projection.ts';
import { dropVersion, promoteRebuild, rollBackPromotion } from '../../src/replay/promote.ts';
import { rebuildProjection } from '../../src/replay/rebuild.ts';
import { verifyRebuild } from '../../src/replay/verify.ts';
import type { ProjectedLog } from '../projections/projected-log.ts';
import { createProjectedLog } from '../projections/projected-log.ts';
import { endedCall, plan } from './told.ts';

const logger = createLogger({ level: 'silent' });
const DAY_MS = 86_400_000;
const now = new Date('2026-11-24T12:00:00Z');
const keeping = { now, keepMs: 7 * DAY_MS };
const promotion = { ...keeping, acceptDifferences: false };

let log: ProjectedLog;
beforeEach(async () => {
  log = await createProjectedLog();
  await log.append([plan('tnt_a')]);
  await log.append([endedCall('1', 'tnt_a', '60'), endedCall('2', 'tnt_b', '30')]);
  await log.catchUp(500);
});
afterEach(() => log.close());

const rebuild = () =>
  rebuildProjection(
    { databaseUrl: log.database.appUrl, logger, clock: systemClock, signal: new AbortController().signal },
    'usage',
    { workers: 2, by: 'test', reason: 'a test' },
  );

/** As a fold that charges more would have it. */
const chargeMore = (version: number) =>
  log.database.adminPool.query(
    `update hookledger.usage_lines_v${version} set rated = rated + 1 where tenant_id = 'tnt_a' and rated <> 0`,
  );

const activeUsage = () => withReadTransaction(log.database.pool, {}, async (tx) => (await readModels(tx)).usage);

async function usageLines(version: number): Promise<readonly unknown[]> {
  const { rows } = await log.database.adminPool.query(
    `select * from hookledger.usage_lines_v${version} order by position, line_no`,
  );
  return rows;
}

async function states(): Promise<Record<string, string>> {
  const { rows } = await log.database.adminPool.query<{ version: number; state: string }>(
    `select version, state from hookledger.projections where name = 'usage' order by version`,
  );
  return Object.fromEntries(rows.map(({ version, state }) => [version, state]));
}

describe('a rebuilt version', () => {
  test('that is equal is promoted at the position of the one before, which is kept, and can come back', async () => {
    await rebuild();
    expect(await states()).toEqual({ 1: 'active', 2: 'verifying' });
    const verification = await verifyRebuild(log.database.pool, 'usage');
    expect(verification).toMatchObject({ activeVersion: 1, rebuiltVersion: 2, isEqual: true, differences: [] });
    expect(verification.tables.find(({ table }) => table === 'usage_lines')?.active.rows).not.toBe('0');

    const before = await activeUsage();
    // Recorded between the report and the promotion, and folded by neither.
    await log.append([endedCall('3', 'tnt_b', '10')]);
    const promoted = await promoteRebuild(log.database.pool, 'usage', promotion);
    expect(promoted).toMatchObject({ from: 1, to: 2, position: before.position });
    expect(await activeUsage()).toMatchObject({ version: 2, position: before.position });
    expect(await states()).toEqual({ 1: 'retired', 2: 'active' });

    // Both go on.
    await runnerOf(2).tick();
    await runnerOf(1).tick();
    expect(await rollBackPromotion(log.database.pool, 'usage', keeping)).toMatchObject({ from: 2, to: 1 });
    expect(await activeUsage()).toMatchObject({ version: 1 });
    expect(await usageLines(2)).toEqual(await usageLines(1));
  });

  test('that is behind is folded up to the active one before it is read', async () => {
    await rebuild();
    const last = await log.append([endedCall('3', 'tnt_a', '10')]);
    await runnerOf(1).tick();
    expect(await verifyRebuild(log.database.pool, 'usage')).toMatchObject({ isEqual: true, position: last });
  });

  test('that was not compared is not promoted', async () => {
    await rebuild();
    await expect(promoteRebuild(log.database.pool, 'usage', promotion)).rejects.toMatchObject({ code: 'not_verified' });
    expect(await states()).toEqual({ 1: 'active', 2: 'verifying' });
  });

  test('whose money differs names tenants, amounts and events, and is promoted only by whoever accepts that', async () => {
    await rebuild();
    await chargeMore(2);
    const { isEqual, differences } = await verifyRebuild(log.database.pool, 'usage');
    expect(isEqual).toBe(false);
    const { rows } = await log.database.adminPool.query<{ event_id: string; rated: string }>(
      `select event_id, trim_scale(rated)::text as rated from hookledger.usage_lines_v1
       where tenant_id = 'tnt_a' and rated <> 0`,
    );
    expect(rows).toHaveLength(1);
    expect(differences).toEqual([
      expect.objectContaining({
        tenantId: 'tnt_a',
        figure: 'rated',
        active: rows[0]?.rated,
        difference: '1',
        things: 1,
        eventIds: [rows[0]?.event_id],
        isClosed: false,
      }),
    ]);
    await expect(promoteRebuild(log.database.pool, 'usage', promotion)).rejects.toMatchObject({ code: 'differs' });
    await promoteRebuild(log.database.pool, 'usage', { ...promotion, acceptDifferences: true });
    expect(await states()).toEqual({ 1: 'retired', 2: 'active' });
  });

  test('that would change a closed month is refused, accepted or not', async () => {
    await log.database.adminPool.query(
      `insert into hookledger.period_closings
         (position, event_id, period, tz, period_from, period_to, revision, step, cut_off, recorded_at)
       select 1, gen_random_uuid(), to_char(min(occurred_at) at time zone 'UTC', 'YYYY-MM'), 'UTC',
         date_trunc('month', min(occurred_at), 'UTC'), date_trunc('month', min(occurred_at), 'UTC') + interval '31 days',
         1, 'closed', 1, now()
       from hookledger.usage_lines_v1`,
    );
    await rebuild();
    await chargeMore(2);
    expect((await verifyRebuild(log.database.pool, 'usage')).differences).toEqual([
      expect.objectContaining({ isClosed: true }),
    ]);
    await expect(
      promoteRebuild(log.database.pool, 'usage', { ...promotion, acceptDifferences: true }),
    ).rejects.toMatchObject({ code: 'differs', message: expect.stringContaining('closed months') });
  });

  test('stands in the way of the next rebuild until it is promoted or dropped; the active one is never dropped', async () => {
    await rebuild();
    await expect(rebuild()).rejects.toMatchObject({ code: 'in_the_way' });
    await expect(dropVersion(log.database.pool, 'usage', 1)).rejects.toMatchObject({ code: 'in_the_way' });
    await expect(dropVersion(log.database.pool, 'usage', 9)).rejects.toMatchObject({ code: 'unknown_version' });
    await dropVersion(log.database.pool, 'usage', 2);
    expect(await states()).toEqual({ 1: 'active' });
    const { rows } = await log.database.adminPool.query(
      `select tablename from pg_tables where schemaname = 'hookledger' and tablename like 'usage%\\_v2'`,
    );
    expect(rows).toEqual([]);
    expect(await rebuild()).toMatchObject({ version: 2, isResumed: false, isFinished: true });
  });
});

test('without a version that is kept there is nothing to roll back to', async () => {
  await expect(rollBackPromotion(log.database.pool, 'usage', keeping)).rejects.toMatchObject({ code: 'not_rebuilt' });
});

test('an unknown projection is named with those that there are', async () => {
  await expect(verifyRebuild(log.database.pool, 'nonsense')).rejects.toMatchObject({ code: 'unknown_projection' });
});

function runnerOf(version: number) {
  const projection = usageProjection.at(version);
  return createProjectionRunner({ pool: log.database.pool, projection, logger, clock: systemClock, batchSize: 500 });
}
