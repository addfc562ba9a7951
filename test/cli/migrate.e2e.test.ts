import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withConnection } from '../../src/platform/postgres.ts';
import { urlOfDatabase } from '../support/database-url.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { readTestRun } from '../support/test-run.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

const name = `hookledger_test_${randomBytes(6).toString('hex')}`;
const directory = createTemporaryDirectory();
const env = { DATABASE_URL: urlOfDatabase(readTestRun().adminUrl, name), HOOKLEDGER_DATA_DIR: directory.path };

beforeAll(async () => {
  await withConnection(readTestRun().adminUrl, (client) => client.query(`create database ${name}`));
});

afterAll(async () => {
  await withConnection(readTestRun().adminUrl, (client) => client.query(`drop database ${name} with (force)`));
  directory.remove();
});

test('an empty database is told from a broken one: migrate, it says', async () => {
  const [list, status] = await Promise.all([runCli(['webhooks', 'list'], env), runCli(['status'], env)]);
  expect(list).toMatchObject({ code: 1, stderr: expect.stringContaining('next: npx hookledger migrate') });
  expect(status).toMatchObject({ code: 1, stdout: expect.stringContaining('npx hookledger migrate') });
});

test('migrate says what it ran; the second time there is nothing to run', async () => {
  expect(await runCliForJson(['migrate'], env)).toEqual({
    applied: expect.arrayContaining([expect.stringMatching(/^\d{8}_\d{4}_\w+\.sql$/)]),
  });
  expect(await runCli(['migrate'], env)).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to run') });
  expect(await runCli(['tenants', 'list'], env)).toMatchObject({ code: 0, stderr: '' });
});
