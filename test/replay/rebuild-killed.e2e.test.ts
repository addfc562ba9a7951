import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withTransaction } from '../../src/platform/postgres.ts';
import { readRebuildProgress } from '../../src/replay/rebuild-progress.ts';
import type { RebuildProgress } from '../../src/replay/rebuild-progress.ts';
import { verifyRebuild } from '../../src/replay/verify.ts';
import { storiesOf } from '../bench/finance-events.ts';
import { createFinanceLog } from '../bench/finance-log.ts';
import { setUpCli } from '../cli/cli-setup.ts';
import type { CliSetup } from '../cli/cli-setup.ts';
import { runCliForJson } from '../cli/spawn-cli.ts';
import { eventually } from '../support/eventually.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/hookledger.js', import.meta.url));
/** Enough that each worker is a thread of its own, and flushes several times. */
const EVENTS = 60_000;
const TENANTS = ['tnt_a', 'tnt_b', 'tnt_c'];
const REBUILD = ['projections', 'rebuild', 'usage', '--workers', '2', '--reason', 'a test'];

let setup: CliSetup;
let log: Awaited<ReturnType<typeof createFinanceLog>>;
beforeAll(async () => {
  setup = await setUpCli();
  const months = [new Date(Date.UTC(2026, 8)), new Date(Date.UTC(2026, 9))];
  log = await createFinanceLog(setup.database, { tenantIds: TENANTS, months });
  const [from = new Date(0)] = months;
  await log.load(storiesOf(EVENTS, { batch: 'k', from, to: new Date(Date.UTC(2026, 10)), tenantIds: TENANTS }));
}, 180_000);
afterAll(async () => {
  await log.close();
  await setup.close();
});

const progress = (): Promise<RebuildProgress | undefined> =>
  withTransaction(setup.database.pool, { tenant: '*' }, (tx) => readRebuildProgress(tx, 'usage'));

/** Until so many more events are folded than before, or it is past that. */
async function killAfter(events: number): Promise<RebuildProgress> {
  const before = (await progress())?.events ?? 0;
  const child = spawn(process.execPath, [PROGRAM, ...REBUILD], { env: { PATH: process.env['PATH'], ...setup.env } });
  const exited = once(child, 'exit');
  const seen = await eventually(async () => {
    const now = await progress();
    if (now === undefined || (now.stage === 'folding' && now.events < before + events)) throw new Error('not yet');
    return now;
  });
  child.kill('SIGKILL');
  await exited;
  return seen;
}

test('a rebuild that is killed five times goes on each time, and ends equal to the live fold', async () => {
  const seen: RebuildProgress[] = [];
  for (let time = 0; time < 5; time += 1) seen.push(await killAfter(1));
  // Killed in the middle at least once, and never begun again.
  expect(seen[0]).toMatchObject({ version: 2, stage: 'folding' });
  expect(new Set(seen.map(({ version }) => version))).toEqual(new Set([2]));
  const events = seen.map((each) => each.events);
  expect(events).toEqual(events.toSorted((a, b) => a - b));
  expect(events[0]).toBeLessThan(seen[0]?.expected ?? 0);

  expect(await runCliForJson(REBUILD, setup.env)).toMatchObject({ version: 2, is_resumed: true, is_finished: true });
  const { isEqual, tables } = await verifyRebuild(log.pool, 'usage');
  expect(tables.filter((table) => !table.isEqual)).toEqual([]);
  expect(isEqual).toBe(true);
  expect(Number(tables.find(({ table }) => table === 'usage_lines')?.rebuilt.rows)).toBeGreaterThan(EVENTS / 2);
}, 240_000);
