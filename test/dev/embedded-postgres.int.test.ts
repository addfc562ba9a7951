import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DirectoryInUseError } from '../../src/dev/directory-claim.ts';
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import type { EmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { findRunningProcess } from '../../src/dev/running-process.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withConnection } from '../../src/platform/postgres.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

const logger = createLogger({ level: 'silent' });
let temporary: ReturnType<typeof createTemporaryDirectory>;
let running: EmbeddedPostgres | undefined;

beforeEach(() => {
  temporary = createTemporaryDirectory();
});

afterEach(async () => {
  await running?.stop();
  temporary.remove();
});

async function start(): Promise<EmbeddedPostgres> {
  running = await startEmbeddedPostgres({ dataDir: temporary.path, logger });
  return running;
}

async function query(url: string, text: string): Promise<unknown[]> {
  return withConnection(url, async (client) => (await client.query<Record<string, unknown>>(text)).rows);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function postmasterPid(): number {
  return Number(readFileSync(join(temporary.path, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

test('data, passwords and port survive a restart', async () => {
  const first = await start();
  await query(first.adminUrl, `create table note as select 'kept' as text`);
  await first.stop();
  const second = await start();
  expect(second.adminUrl).toBe(first.adminUrl);
  expect(await query(second.adminUrl, 'select text from note')).toEqual([{ text: 'kept' }]);
});

test('the server listens on loopback alone, with fsync on, and lets nobody in without a password', async () => {
  const { adminUrl } = await start();
  expect(
    await query(adminUrl, `select current_setting('listen_addresses') as listen, current_setting('fsync') as fsync`),
  ).toEqual([{ listen: '127.0.0.1', fsync: 'on' }]);
  const wrong = new URL(adminUrl);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});

test('the application role logs in once it was granted, as nobody special', async () => {
  const { adminUrl, appUrl, grantLogin } = await start();
  await query(adminUrl, 'create role hookledger_app nologin');
  await expect(query(appUrl, 'select 1')).rejects.toThrow();
  await grantLogin();
  await grantLogin();
  expect(
    await query(appUrl, 'select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user'),
  ).toEqual([{ rolsuper: false, rolbypassrls: false, rolcreaterole: false }]);
});

test('a taken port moves on to another', async () => {
  const first = await start();
  await first.stop();
  const stranger = createServer().listen(portOf(first.adminUrl), '127.0.0.1');
  await once(stranger, 'listening');
  try {
    const second = await start();
    expect(portOf(second.adminUrl)).not.toBe(portOf(first.adminUrl));
    expect(await query(second.adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  } finally {
    stranger.close();
  }
});

test('a directory that is in use is refused', async () => {
  await start();
  await expect(startEmbeddedPostgres({ dataDir: temporary.path, logger })).rejects.toThrow(DirectoryInUseError);
});

test('the server that a killed process left running is ended, and its data is there', async () => {
  const script = fileURLToPath(new URL('./hold-embedded-postgres.ts', import.meta.url));
  const holder = spawn(process.execPath, [script, temporary.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [adminUrl = ''] = (await once(createInterface(holder.stdout), 'line')).map(String);
  await query(adminUrl, `create table note as select 'kept' as text`);
  const leftover = postmasterPid();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(findRunningProcess(leftover)).toBeDefined();

  const next = await start();
  expect(findRunningProcess(leftover)).toBeUndefined();
  expect(await query(next.adminUrl, 'select text from note')).toEqual([{ text: 'kept' }]);
});

test('a postmaster.pid whose number belongs to a stranger by now does not stop a start', async () => {
  const first = await start();
  await first.stop();
  const pidFile = join(temporary.path, 'postgres', 'data', 'postmaster.pid');
  writeFileSync(pidFile, `${process.pid}\n${temporary.path}\n`);
  const second = await start();
  expect(await query(second.adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a start that fails shows what the server said', async () => {
  const first = await start();
  await first.stop();
  writeFileSync(join(temporary.path, 'postgres', 'data', 'postgresql.conf'), 'no_such_setting = on\n');
  await expect(start()).rejects.toThrow(/no_such_setting/);
});
