import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { startLocalRedis } from '../../src/dev/local-redis.ts';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { eventually } from '../support/eventually.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { reportNotProven } from '../support/test-run.ts';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson, spawnServer } from './spawn-cli.ts';
import type { Starting } from './spawn-cli.ts';

const NO_REDIS = 'redis://:hush@127.0.0.1:1';
const SECRET = 'key_stop';

let setup: CliSetup;
let env: Record<string, string>;
let path: string;

beforeAll(async () => {
  setup = await setUpCli();
  env = { ...setup.env, NODE_ENV: 'production', REDIS_URL: NO_REDIS };
  const source = ['--provider', 'retell', '--account', 'org_1', '--secret', SECRET, '--mode', 'test'];
  ({ path } = z.object({ path: z.string() }).parse(await runCliForJson(['sources', 'create', ...source], setup.env)));
});
afterAll(() => setup.close());

async function addressOf(server: Starting): Promise<string> {
  const address = /http:\/\/127\.0\.0\.1:\d+/;
  return address.exec(await server.line(address))?.[0] ?? '';
}

function post(url: string, call: string): Promise<Response> {
  const body = Buffer.from(JSON.stringify(retellSample('chat_started', { key: call })));
  const headers = signWebhook('retell', body, SECRET, Date.now());
  return fetch(`${url}${path}`, { method: 'POST', headers, body: new Uint8Array(body) });
}

type Table = 'webhooks' | 'inbox';

/** While `run` runs, nothing can be written into the table; it gets the end of that. */
async function whileLocked(table: Table, run: (release: () => Promise<void>) => Promise<void>): Promise<void> {
  const client = await setup.database.adminPool.connect();
  let isHeld = true;
  const release = async (): Promise<void> => {
    if (isHeld) await client.query('rollback');
    isHeld = false;
  };
  try {
    await client.query(`begin; lock table hookledger.${table} in exclusive mode`);
    await run(release);
  } finally {
    await release();
    client.release();
  }
}

async function untilOneWaits(table: Table): Promise<void> {
  await eventually(async () => {
    const { rows } = await setup.database.adminPool.query<{ waiting: boolean }>(
      'select exists (select from pg_locks where not granted and relation = $1::text::regclass) as waiting',
      [`hookledger.${table}`],
    );
    expect(rows).toEqual([{ waiting: true }]);
  });
}

describe('a start', () => {
  test('waits for PostgreSQL to come up, says so, and goes on when it has', async () => {
    const proxy = await createTcpProxy(setup.database.appUrl);
    const server = spawnServer(['--roles', 'api'], { ...env, DATABASE_URL: proxy.url });
    const waiting = JSON.parse(await server.line(/waiting for a server/));
    expect(waiting).toMatchObject({ level: 'warn', server: expect.stringContaining('PostgreSQL at 127.0.0.1:') });
    await proxy.start();
    expect((await fetch(`${await addressOf(server)}/readyz`)).status).toBe(200);
    server.signal('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    await proxy.stop();
  });

  test('gives up on a server that does not come up, with one error that names it and no password', async () => {
    const { code, stdout, stderr } = await runCli(['start', '--roles', 'worker'], { ...env, START_WAIT_SECONDS: '0' });
    expect({ code, stderr: stderr.trim().split('\n') }).toEqual({
      code: 1,
      stderr: [expect.stringMatching(/server_unreachable.*: Redis at 127\.0\.0\.1:1 did not answer within 0 s/)],
    });
    expect(`${stdout}${stderr}`).not.toContain('hush');
  });

  test('in development waits and says so in the terminal', async () => {
    const development = { ...setup.env, DATABASE_URL: 'postgres://127.0.0.1:1/books', START_WAIT_SECONDS: '1' };
    const { code, stderr } = await runCli(['start'], development);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Waiting for PostgreSQL at 127\.0\.0\.1:1\/books: .*ECONNREFUSED/);
    expect(stderr).toContain('did not answer within 1 s');
  });

  test('that is told to stop while it waits ends at once', async () => {
    const server = spawnServer([], { ...env, DATABASE_URL: 'postgres://127.0.0.1:1/books' });
    await server.line(/waiting for a server/);
    server.signal('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0 });
  });

  test('with the role api goes on without Redis: webhooks are taken', async () => {
    const server = spawnServer([], { ...env, SHUTDOWN_SECONDS: '10' });
    await server.line(/starting without a server/);
    expect((await post(await addressOf(server), 'without redis')).status).toBe(202);
    server.signal('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0 });
  });
});

describe('a stop', () => {
  test('answers what is under way, says that it is stopping, and ends as 0', async () => {
    const server = spawnServer(['--roles', 'api'], env);
    const url = await addressOf(server);
    await whileLocked('webhooks', async (release) => {
      const underWay = post(url, 'under way');
      await untilOneWaits('webhooks');
      server.signal('SIGTERM');
      await server.line(/"stopping"/);
      const ready = await fetch(`${url}/readyz`);
      expect({ status: ready.status, body: await ready.json() }).toMatchObject({
        status: 503,
        body: { status: 'stopping' },
      });
      const late = post(url, 'late');
      await release();
      expect((await underWay).status).toBe(202);
      expect((await late).status).toBe(202);
    });
    const { code, stdout } = await server.ended;
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').at(-1)).toContain('"isClean":true');
  });

  test('cuts off at its deadline what does not end, names it in the log, and ends as 1', async () => {
    const server = spawnServer(['--roles', 'api'], { ...env, SHUTDOWN_SECONDS: '1' });
    const url = await addressOf(server);
    await whileLocked('webhooks', async () => {
      const underWay = post(url, 'cut off').catch(() => undefined);
      await untilOneWaits('webhooks');
      server.signal('SIGTERM');
      const { code, stdout } = await server.ended;
      expect(code).toBe(1);
      expect(stdout).toMatch(/1 requests were not answered in time.*"component":"requests"/);
      await underWay;
    });
  });

  test('is not waited for by a second signal', async () => {
    const server = spawnServer(['--roles', 'api'], { ...env, SHUTDOWN_SECONDS: '600' });
    const url = await addressOf(server);
    await whileLocked('webhooks', async () => {
      const underWay = post(url, 'second signal').catch(() => undefined);
      await untilOneWaits('webhooks');
      // One press of Ctrl-C may arrive twice, so a signal counts as the second one only after half a second.
      const again = setInterval(() => server.signal('SIGTERM'), 100);
      const { code } = await server.ended;
      clearInterval(again);
      expect(code).toBe(143);
      await underWay;
    });
  });
});

describe('a stop with a job under way, and a Redis', () => {
  test.each(['SIGSTOP', 'SIGKILL'] as const)('that got %s, hangs on nothing, and the job is done', async (signal) => {
    const directory = createTemporaryDirectory();
    const redis = await startLocalRedis({ dataDir: directory.path, logger: createLogger({ level: 'silent' }) });
    if (redis === undefined) return reportNotProven('a stop with a Redis that hangs');
    const redisPid = Number(readFileSync(join(directory.path, 'redis', 'redis.pid'), 'utf8'));
    const endedJobs = async (): Promise<number> =>
      (await setup.database.adminPool.query(`select from hookledger.inbox where outcome = 'done'`)).rowCount ?? 0;
    try {
      const before = await endedJobs();
      const server = spawnServer([], { ...env, REDIS_URL: redis.url });
      const url = await addressOf(server);
      await whileLocked('inbox', async (release) => {
        expect((await post(url, `with ${signal}`)).status).toBe(202);
        await untilOneWaits('inbox');
        process.kill(redisPid, signal);
        server.signal('SIGTERM');
        await server.line(/"stopping"/);
        await release();
      });
      expect(await server.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('"msg":"stopped"') });
      expect(await endedJobs()).toBeGreaterThan(before);
    } finally {
      if (signal === 'SIGSTOP') process.kill(redisPid, 'SIGCONT');
      await redis.stop();
      directory.remove();
    }
  });
});
