import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createHttpAdapter } from '../../src/adapters/http-adapter.ts';
import { startOutsideServer } from '../support/outside-server.ts';
import type { Behaviour, OutsideServer } from '../support/outside-server.ts';
import { createEffectRig } from '../workers/effects-setup.ts';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

let setup: CliSetup;
let outside: OutsideServer;
/** By an adapter that is neither: the first two are uncertain, one is done, one was turned away. */
let uncertain: string;
let other: string;
let done: string;
let turnedAway: string;

beforeAll(async () => {
  setup = await setUpCli();
  outside = await startOutsideServer();
  const rig = createEffectRig(setup.database, outside);
  const effectAfter = async (behaviour: Behaviour): Promise<string> => {
    outside.script(behaviour);
    const job = await rig.newJob();
    await rig.attempt(job, { adapter: createHttpAdapter({ name: 'outside', url: outside.url, declared: 'neither' }) });
    return (await rig.effects(job))[0]?.key ?? '';
  };
  done = await effectAfter('ok');
  turnedAway = await effectAfter(429);
  uncertain = await effectAfter('lost-after');
  other = await effectAfter('lost-before');
});
afterAll(async () => {
  await outside.close();
  await setup.close();
});

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);
const decide = (id: string, ...args: string[]) =>
  cli('effects', 'resolve', id, '--reason', 'seen in their log', '--by', 'ada', ...args);

test('effects are listed with the uncertain ones first, shown, and decided about', async () => {
  const ids = (listed: unknown): unknown => (listed as { id: string }[]).map(({ id }) => id);
  const [listed, all, shown, text] = await Promise.all([
    json('effects', 'list'),
    json('effects', 'list', '--all'),
    json('effects', 'show', uncertain),
    cli('effects', 'list'),
  ]);
  expect(ids(listed)).toEqual([uncertain, other, turnedAway]);
  expect(ids(all)).toEqual([uncertain, other, turnedAway, done]);
  expect(shown).toMatchObject({ id: uncertain, state: 'uncertain', adapter: 'outside', calls: 1, is_unanswered: true });
  expect(text.stdout).toContain('The uncertain ones wait for a decision');

  const dry = await decide(other, '--repeat', '--dry-run');
  const asked = await decide(other, '--repeat');
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was changed.') });
  expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  expect(ids(await json('effects', 'list'))).toEqual([uncertain, other, turnedAway]);

  const [taken, repeated] = [
    await decide(uncertain, '--done', '--result', '{"id":"x1"}'),
    await decide(other, '--repeat', '--yes'),
  ];
  expect(taken).toMatchObject({ code: 0, stdout: expect.stringContaining('its job goes on') });
  expect(repeated.code).toBe(0);
  const [again, late, shownDone] = await Promise.all([
    decide(uncertain, '--done', '--json'),
    decide(uncertain, '--repeat', '--yes'),
    json('effects', 'show', uncertain),
  ]);
  expect(JSON.parse(again.stdout)).toEqual({ resolved: false, position: expect.any(String) });
  expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('error effect_done') });
  expect(shownDone).toMatchObject({
    state: 'done',
    result: { id: 'x1' },
    resolved_by: 'ada',
    resolved_reason: 'seen in their log',
  });
});

test('what is missing, too much or unknown says so', async () => {
  const [none, both, noReason, noId, unknown, badResult] = await Promise.all([
    decide(done),
    decide(done, '--done', '--repeat'),
    cli('effects', 'resolve', done, '--done'),
    decide('call_1', '--done'),
    cli('effects', 'show', randomUUID()),
    decide(done, '--done', '--result', '{"deep":{}}'),
  ]);
  for (const wrong of [none, both, noReason, noId, badResult]) expect(wrong.code).toBe(2);
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('error not_found') });
});
