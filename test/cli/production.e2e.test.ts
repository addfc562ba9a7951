import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, startServer } from './spawn-cli.ts';

let setup: CliSetup;
let env: Record<string, string>;

beforeAll(async () => {
  setup = await setUpCli();
  const { HOOKLEDGER_DATA_DIR: _, ...servers } = setup.env;
  // The role api asks nothing of Redis: webhooks are taken without it.
  env = { ...servers, NODE_ENV: 'production', REDIS_URL: 'redis://127.0.0.1:1' };
});

afterAll(() => setup.close());

test('the server logs JSON and nothing else, shows no secret, and stops cleanly', async () => {
  const server = await startServer(['--roles', 'api'], env);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  const { code, stdout, stderr } = await server.interrupt();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'started', roles: ['api'], url: server.url }));
  expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
  expect(stdout).not.toContain(env['HOOKLEDGER_MASTER_KEY']);
});

test('a process of another role tells its health and serves nothing else', async () => {
  const server = await startServer(['--roles', 'projector'], env);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  expect((await fetch(`${server.url}/v1/usage`)).status).toBe(404);
  expect((await fetch(`${server.url}/webhooks/stripe/src_1`, { method: 'POST' })).status).toBe(404);
  expect((await server.interrupt()).code).toBe(0);
});

test('a schema that does not match is refused, and migrate named', async () => {
  await setup.database.adminPool.query(
    `delete from public.hookledger_migrations
     where name = (select name from public.hookledger_migrations order by name desc limit 1)`,
  );
  expect(await runCli(['start', '--roles', 'api'], env)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/error schema_mismatch: .*hookledger migrate/),
  });
});

test('there is no demo', async () => {
  expect(await runCli(['demo', '--once'], env)).toMatchObject({ code: 2, stdout: '' });
});
