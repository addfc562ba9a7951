import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

let setup: CliSetup;
beforeAll(async () => {
  setup = await setUpCli();
});
afterAll(() => setup.close());

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);

/** The commands of a page, in its order, as they stand in its blocks. */
function commandsOf(page: string): readonly string[][] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```\n([^`]*)^```$/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    [...block.matchAll(/^npx hookledger (.*)$/gm)].map(([, line = '']) =>
      [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? ''),
    ),
  );
}

async function states(name: string): Promise<unknown> {
  const all = (await json('projections', 'list')) as { name: string; version: number; state: string }[];
  return all.filter((each) => each.name === name).map(({ version, state }) => `${version} ${state}`);
}

test('the commands of docs/replay.md rebuild a read model, compare it, promote it and roll it back', async () => {
  const commands = commandsOf('replay.md');
  expect(commands.map(([, command]) => command)).toEqual(['rebuild', 'verify', 'promote', 'rollback']);
  const after = [
    ['1 active', '2 verifying'],
    ['1 active', '2 verifying'],
    ['1 retired', '2 active'],
    ['1 active', '2 retired'],
  ];
  for (const [index, command] of commands.entries()) {
    const { code, stderr } = await cli(...command);
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
    expect(await states('usage')).toEqual(after[index]);
  }
});

test('what cannot be done says why, and what to do', async () => {
  const [noStream, noMoment, noReason, noName, unknown, early, active, none] = await Promise.all([
    cli('events', 'state', 'call/retell/org_1/live/nonsense'),
    cli('events', 'state', 'call/retell/org_1/live/1', '--at', 'yesterday'),
    cli('projections', 'rebuild', 'calls'),
    cli('projections', 'rebuild', '--reason', 'x'),
    cli('projections', 'rebuild', 'nonsense', '--reason', 'x'),
    cli('projections', 'promote', 'calls', '--yes'),
    cli('projections', 'drop', 'calls', '1', '--yes'),
    cli('projections', 'rollback', 'calls', '--yes'),
  ]);
  expect(noStream).toMatchObject({ code: 1, stderr: expect.stringContaining('error not_found') });
  expect(noMoment).toMatchObject({ code: 2, stderr: expect.stringContaining('--at is a time such as') });
  expect(noReason).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason is missing') });
  expect(noName).toMatchObject({ code: 2, stderr: expect.stringContaining('needs <name>') });
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('error unknown_projection') });
  expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining('error not_rebuilt') });
  expect(active).toMatchObject({ code: 1, stderr: expect.stringContaining('error in_the_way') });
  expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('error not_rebuilt') });
});
