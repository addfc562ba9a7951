import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate, pendingMigrations } from '../../src/platform/migrate.ts';
import { withConnection } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { urlOfDatabase } from '../support/database-url.ts';

const files = readdirSync(new URL('../../migrations/', import.meta.url)).filter((file) => file.endsWith('.sql'));
let database: TestDatabase;
let emptyUrl: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const name = `${new URL(database.adminUrl).pathname.slice(1)}_empty`;
  emptyUrl = urlOfDatabase(database.adminUrl, name);
  await database.adminPool.query(`create database ${name}`);
});

afterAll(async () => {
  await database.adminPool.query(`drop database ${new URL(emptyUrl).pathname.slice(1)} with (force)`);
  await database.drop();
});

test('two migrations started at once run every file once, in the order of their names', async () => {
  expect(await pendingMigrations(emptyUrl)).toEqual(files.toSorted());
  const runs = await Promise.all([migrate(emptyUrl), migrate(emptyUrl)]);
  expect(runs.flat()).toEqual(files.toSorted());
  expect(await pendingMigrations(emptyUrl)).toEqual([]);
});

test('the application role sees that nothing is pending', async () => {
  expect(await pendingMigrations(database.appUrl)).toEqual([]);
});

test('the application role sees what is pending', async () => {
  const [last] = files.toSorted().slice(-1);
  await withConnection(database.adminUrl, (client) =>
    client.query('delete from public.hookledger_migrations where name = $1::text', [last]),
  );
  expect(await pendingMigrations(database.appUrl)).toEqual([last]);
});
