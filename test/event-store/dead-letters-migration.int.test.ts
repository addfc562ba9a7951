import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { withConnection } from '../../src/platform/postgres.ts';
import { urlOfDatabase } from '../support/database-url.ts';
import { readTestRun } from '../support/test-run.ts';

const MIGRATION = '20261124_1410_dead_letters.sql';
const directory = new URL('../../migrations/', import.meta.url);
const sqlOf = (file: string): string => readFileSync(new URL(file, directory), 'utf8');

test('letters that are there are moved to the partitions of their days, with a fingerprint', async () => {
  const { adminUrl } = readTestRun();
  const name = `hookledger_test_moved_${process.pid}`;
  await withConnection(adminUrl, (client) => client.query(`create database ${name}`));
  try {
    await withConnection(urlOfDatabase(adminUrl, name), async (client) => {
      const before = readdirSync(directory).filter((file) => file.endsWith('.sql') && file < MIGRATION);
      for (const file of before.toSorted()) await client.query(sqlOf(file));
      await client.query(
        `insert into hookledger.dead_letters
           (position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts, died_at)
         select n, 'notifications', 'live', 0, 'unassigned', gen_random_uuid(), 'NotificationRequested',
           'attempts-exhausted', 'Error: no answer about call_' || n || '_1', 8, clock_timestamp() - make_interval(days => n * 10)
         from generate_series(0, 4) n`,
      );
      await client.query(sqlOf(MIGRATION));
      const { rows } = await client.query(
        `select count(*)::integer as letters, count(distinct fingerprint)::integer as bugs,
           count(distinct tableoid)::integer as partitions,
           bool_and(tableoid = to_regclass('hookledger.dead_letters_' || to_char(died_at at time zone 'UTC', 'YYYYMMDD'))) as placed
         from hookledger.dead_letters`,
      );
      expect(rows).toEqual([{ letters: 5, bugs: 1, partitions: 5, placed: true }]);
    });
  } finally {
    await withConnection(adminUrl, (client) => client.query(`drop database ${name} with (force)`));
  }
});
