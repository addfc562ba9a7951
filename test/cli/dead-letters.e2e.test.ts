import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Death } from '../../src/event-store/bury-jobs.ts';
import { killJobs } from '../support/dead-jobs.ts';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

let setup: CliSetup;
let deaths: readonly Death[];
let other: Death;

beforeAll(async () => {
  setup = await setUpCli();
  deaths = await killJobs(setup.database, [{ call: 'one' }, { call: 'two' }, { call: 'three' }]);
  const [last] = await killJobs(setup.database, [
    { call: 'four', cause: 'unrecoverable', detail: 'Error: no template' },
  ]);
  if (last === undefined) throw new Error('no job');
  other = last;
});
afterAll(() => setup.close());

const cli = (...args: string[]) => runCli(['dead-letters', ...args], setup.env);
const json = (...args: string[]) => runCliForJson(['dead-letters', ...args], setup.env);

async function eventsOf(type: string): Promise<readonly unknown[]> {
  const { rows } = await setup.database.adminPool.query<{ data: unknown }>(
    'select data from hookledger.events where type = $1 order by position',
    [type],
  );
  return rows.map(({ data }) => data);
}

test('dead letters are listed one by one or by what killed them, and shown', async () => {
  const [letters, groups, filtered, story] = await Promise.all([
    json('list'),
    json('list', '--group'),
    json('list', '--cause', 'unrecoverable', '--since', '2h'),
    json('show', other.eventId),
  ]);
  expect(letters).toHaveLength(4);
  expect(groups).toEqual([
    expect.objectContaining({ cause: 'unrecoverable', letters: 1, open: 1, detail: 'Error: no template' }),
    expect.objectContaining({ cause: 'attempts-exhausted', letters: 3, open: 3, tenants: 1 }),
  ]);
  expect(filtered).toEqual([expect.objectContaining({ event_id: other.eventId, state: 'open', newest_generation: 0 })]);
  expect(story).toEqual([
    expect.objectContaining({ cause: 'unrecoverable', tries: [expect.anything(), expect.anything()] }),
  ]);
  const { fingerprint } = (groups as { fingerprint: string }[])[1] ?? { fingerprint: '' };
  const group = await cli('show', fingerprint);
  expect(group.code).toBe(0);
  expect(group.stdout).toContain('3 deaths of 1 tenants');
  expect(group.stdout).toContain(`dead-letters redrive --fingerprint ${fingerprint}`);
});

test('a redrive says first what it would do, then does it once, by whom and why', async () => {
  const filter = ['--cause', 'attempts-exhausted'];
  expect(await json('redrive', ...filter, '--dry-run')).toMatchObject({ dry_run: true, matched: 3, would_be: 3 });
  expect(await eventsOf('JobRedriven')).toEqual([]);
  const why = ['--reason', 'their API is back', '--by', 'ada', '--yes'];
  expect(await json('redrive', ...filter, '--rate', '100/s', ...why)).toEqual({
    dry_run: false,
    matched: 3,
    skipped: { redriven: 0, died_again: 0, done: 0, ended: 0, lost: 0 },
    redriven: 3,
    left: 0,
  });
  const job = { queue: 'ingress-events', replayId: 'live', generation: 1 };
  expect(await eventsOf('JobRedriven')).toEqual([
    { by: 'ada', reason: 'their API is back', jobs: deaths.map(({ position }) => ({ ...job, position })) },
  ]);
  const again = await cli('redrive', ...filter, ...why);
  expect(again).toMatchObject({ code: 0, stdout: '0 of 3 dead letters redriven; skipped are 3 redriven.\n' });
  expect(await json('list', '--open')).toEqual([expect.objectContaining({ event_id: other.eventId })]);
});

test('a purge gives a job up, by whom and why', async () => {
  expect(await json('purge', other.eventId, '--dry-run')).toMatchObject({ would_be: 1 });
  const purged = await json('purge', other.eventId, '--reason', 'of nobody', '--by', 'ada', '--yes');
  expect(purged).toMatchObject({ matched: 1, purged: 1, left: 0 });
  expect(await eventsOf('JobPurged')).toEqual([
    {
      by: 'ada',
      reason: 'of nobody',
      jobs: [{ position: other.position, queue: 'ingress-events', replayId: 'live', generation: 0 }],
    },
  ]);
  expect(await cli('show', other.eventId)).toMatchObject({ code: 1, stderr: expect.stringContaining('not_found') });
});

test('what is missing or makes no sense says so, and nothing is done unasked', async () => {
  await killJobs(setup.database, [{ call: 'five' }]);
  const [noReason, unasked, noQueue, noTime, noRate, noId] = await Promise.all([
    cli('redrive', '--yes'),
    cli('redrive', '--reason', 'x', '--by', 'ada'),
    cli('list', '--queue', 'letters'),
    cli('redrive', '--since', 'yesterday', '--reason', 'x', '--by', 'ada', '--yes'),
    cli('redrive', '--rate', '0/s', '--reason', 'x', '--by', 'ada', '--yes'),
    cli('show', 'evt_1'),
  ]);
  expect(noReason).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason is missing.') });
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('say --yes') });
  expect(noQueue.code).toBe(2);
  expect(noTime).toMatchObject({ code: 2, stderr: expect.stringContaining('--since is a time') });
  expect(noRate.code).toBe(2);
  expect(noId.code).toBe(2);
  expect(await json('redrive', '--dry-run')).toMatchObject({ would_be: 1 });
});
