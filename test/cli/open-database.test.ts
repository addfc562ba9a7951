import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openDatabase } from '../../src/cli/open-database.ts';
import { createOutput } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config.ts';
import { openDataDirectory } from '../../src/dev/data-directory.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

const run = {
  url: 'http://127.0.0.1:3000',
  adminUrl: 'postgres://postgres@127.0.0.1:5432/hookledger',
  appUrl: 'postgres://hookledger_app@127.0.0.1:5432/hookledger',
  redisUrl: 'redis://127.0.0.1:6379',
};
const masterKey = Buffer.alloc(32, 7).toString('base64');

let directory: ReturnType<typeof createTemporaryDirectory>;
beforeEach(() => {
  directory = createTemporaryDirectory();
});
afterEach(() => directory.remove());

async function open(env: Record<string, string> = {}) {
  const stderr = new PassThrough().setEncoding('utf8');
  const database = await openDatabase(loadConfig({ HOOKLEDGER_DATA_DIR: directory.path, ...env }), {
    logger: createLogger({ level: 'silent' }),
    out: createOutput({ isJson: false, stderr }),
    mayStart: false,
  });
  return { database, noted: String(stderr.read() ?? '') };
}

test('the server on the data directory is found, with the key that it reads secrets with', async () => {
  const { writeRun, masterKey: ownKey } = openDataDirectory(directory.path);
  writeRun(run);
  const { database, noted } = await open();
  expect(database).toMatchObject({
    url: run.appUrl,
    ownerUrl: run.adminUrl,
    server: { url: run.url, redisUrl: run.redisUrl },
  });
  expect(database.masterKey()).toBe(ownKey());
  expect(noted).toBe('');
});

test('where only the demo runs, it is about the demo, and says so', async () => {
  const demo = openDataDirectory(join(directory.path, 'demo'));
  demo.writeRun(run);
  const { database, noted } = await open();
  expect(database.url).toBe(run.appUrl);
  expect(database.masterKey()).toBe(demo.masterKey());
  expect(noted).toContain('the demo');
});

test('DATABASE_URL goes before everything; a server on another database is none of ours', async () => {
  openDataDirectory(directory.path).writeRun(run);
  const { database } = await open({ DATABASE_URL: 'postgres://other/db', HOOKLEDGER_MASTER_KEY: masterKey });
  expect(database).toMatchObject({ url: 'postgres://other/db', server: undefined });
  expect(database.masterKey()).toBe(masterKey);
  const same = await open({ DATABASE_URL: run.appUrl });
  expect(same.database.server).toEqual({ url: run.url, redisUrl: run.redisUrl });
});

test('what needs a server and finds none starts none', async () => {
  await expect(open()).rejects.toMatchObject({ code: 'no_server', message: expect.stringContaining(directory.path) });
});
