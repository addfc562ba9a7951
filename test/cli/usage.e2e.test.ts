import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { PROVIDERS } from '../../src/app.ts';
import { runCli } from './spawn-cli.ts';

test('--help, help and nothing at all show every command', async () => {
  const answers = await Promise.all([runCli(['--help']), runCli(['help']), runCli([])]);
  for (const { code, stdout, stderr } of answers) {
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const word of ['start', 'demo', 'send', 'tenants', 'Exit code']) expect(stdout).toContain(word);
  }
});

test('a group and a command have a help of their own, with examples', async () => {
  const [group, command, viaHelp] = await Promise.all([
    runCli(['sources', '--help']),
    runCli(['sources', 'create', '-h']),
    runCli(['help', 'sources', 'create']),
  ]);
  expect(group).toMatchObject({ code: 0, stdout: expect.stringContaining('sources rotate-secret <source>') });
  expect(command).toMatchObject({ code: 0, stdout: expect.stringContaining('--public-url URL') });
  expect(command.stdout).toContain('npx hookledger sources create --provider stripe');
  expect(viaHelp.stdout).toBe(command.stdout);
});

test('help needs no environment that is right', async () => {
  expect(await runCli(['tenants', 'list', '--help'], { PORT: 'none', NODE_ENV: 'production' })).toMatchObject({
    code: 0,
  });
});

test.each([
  [['statsu'], 'Did you mean "status"?'],
  [['tenants', 'crate'], 'Did you mean "tenants create"?'],
  [['keys'], 'keys needs one of: create, list, revoke.'],
  [['--bogus'], 'Which command?'],
  [['keys', 'create', '--role', 'boss'], '--role is one of finance, engineer, ops, admin, not "boss".'],
  [['send', 'stripe', 'invoice.payd'], 'Did you mean invoice.paid?'],
  [['send', 'custom', 'nothing.of.the.kind'], 'npx hookledger send custom --list shows the 3 that there are.'],
  [['start', '--roles', 'api,wrker'], '--roles is one of'],
])('%j is wrong usage: exit code 2, what is wrong, where to look', async (args, text) => {
  const { code, stdout, stderr } = await runCli(args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(text);
  expect(stderr).toMatch(/^next: npx hookledger .*--help$/m);
});

test('send --list shows the samples of every provider, or of one', async () => {
  const [all, ofCustom] = await Promise.all([
    runCli(['send', '--list', '--json']),
    runCli(['send', 'custom', '--list']),
  ]);
  const listed = z.array(z.object({ provider: z.string(), event: z.string() })).parse(JSON.parse(all.stdout));
  expect(new Set(listed.map(({ provider }) => provider))).toEqual(new Set(PROVIDERS.map(({ name }) => name)));
  expect(listed).toContainEqual({ provider: 'stripe', event: 'customer.tax_id.created' });
  expect(ofCustom).toMatchObject({ code: 0, stdout: expect.stringContaining('contact.created') });
  expect(ofCustom.stdout).not.toContain('stripe');
});

test('an environment that is not right is named, variable by variable', async () => {
  const { code, stderr } = await runCli(['tenants', 'list'], { PORT: 'none', HOOKLEDGER_DATADIR: 'x' });
  expect(code).toBe(1);
  expect(stderr).toContain('error invalid_config');
  expect(stderr).toContain('PORT');
  expect(stderr).toContain('did you mean HOOKLEDGER_DATA_DIR?');
});

test('production without its servers refuses to start and names what is missing', async () => {
  const { code, stdout, stderr } = await runCli(['start'], { NODE_ENV: 'production' });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'HOOKLEDGER_MASTER_KEY']) expect(stderr).toContain(name);
});

test('a database that does not answer is an error in a sentence, as JSON for programs', async () => {
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
  const [people, programs] = await Promise.all([
    runCli(['webhooks', 'list'], env),
    runCli(['tenants', 'list', '--json'], env),
  ]);
  expect(people.code).toBe(1);
  expect(people.stderr).toMatch(
    /^error database_unreachable: PostgreSQL at 127\.0\.0\.1:1 does not answer\.\nnext: .*\n$/,
  );
  expect(programs).toMatchObject({ code: 1, stdout: '' });
  expect(JSON.parse(programs.stderr)).toMatchObject({ error: { code: 'database_unreachable' } });
});

test('the settings are shown with secrets masked', async () => {
  const { code, stdout } = await runCli(['status', '--env'], {
    DATABASE_URL: 'postgres://app:hidden@127.0.0.1:1/none',
    HOOKLEDGER_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  });
  expect(code).toBe(0);
  expect(stdout).toContain('postgres://app:***@127.0.0.1:1/none');
  expect(stdout).not.toContain('hidden');
  expect(stdout).not.toContain(Buffer.alloc(32, 7).toString('base64'));
});

test('whoever reads only the first lines ends the command without a complaint', () => {
  const program = fileURLToPath(new URL('../../bin/hookledger.js', import.meta.url));
  const { stderr } = spawnSync('sh', ['-c', `"$0" "$1" send --list | head -1`, process.execPath, program], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
});
