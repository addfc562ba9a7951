import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { withConnection } from '../../src/platform/postgres.ts';
import { urlOfDatabase } from '../support/database-url.ts';
import { readTestRun } from '../support/test-run.ts';

const MIGRATION = '20261124_1510_prices.sql';
const directory = new URL('../../migrations/', import.meta.url);
const sqlOf = (file: string): string => readFileSync(new URL(file, directory), 'utf8');

test('assignments and rates that are there price again, as they did, and usage is folded from the start', async () => {
  const { adminUrl } = readTestRun();
  const name = `hookledger_test_prices_${process.pid}`;
  await withConnection(adminUrl, (client) => client.query(`create database ${name}`));
  try {
    await withConnection(urlOfDatabase(adminUrl, name), async (client) => {
      const before = readdirSync(directory).filter((file) => file.endsWith('.sql') && file < MIGRATION);
      for (const file of before.toSorted()) await client.query(sqlOf(file));
      await client.query(`
        begin;
        select pg_advisory_xact_lock_shared(7283, 1);
        insert into hookledger.events (position, event_id, type, schema_version, stream_key, stream_kind, version, tenant_id,
          external_id, mode, books, correlation_id, occurred_at, recorded_at, fold_range, data)
        values (7, gen_random_uuid(), 'PricePlanAssigned', 1, 'tenant-plan/tnt_a', 'tenant-plan', 1, 'tnt_a', 'tnt_a', 'live',
          'platform', gen_random_uuid(), '2026-11-20T08:00:00Z', now(), 0, '{}');
        insert into hookledger.tenants (id, name) values ('tnt_a', 'A');
        insert into hookledger.price_plans (plan_id, name, currency, components, position) values ('p', 'P', 'USD', '[]', 1);
        insert into hookledger.price_plan_assignments (tenant_id, plan_id, valid_from, position)
        values ('tnt_a', 'p', '2026-11-01T00:00:00Z', 7);
        insert into hookledger.cost_rates (position, provider, meter, currency, unit_cost, valid_from)
        values (8, 'twilio', 'sms', 'USD', 1, '2026-11-01T00:00:00Z');
        insert into hookledger.usage_cost_reports_v1 values ('call/1', 9, gen_random_uuid(), 1, now(), '{}');
        update hookledger.projection_checkpoints set position = 9;
        commit`);
      await client.query(sqlOf(MIGRATION));
      const { rows } = await client.query(
        `select a.reprice, a.assigned_at, r.reprice as rate_reprice,
           (select count(*)::integer from hookledger.usage_cost_reports_v1) as reports,
           (select json_object_agg(name, position) from hookledger.projection_checkpoints) as checkpoints
         from hookledger.price_plan_assignments a, hookledger.cost_rates r`,
      );
      expect(rows).toEqual([
        {
          reprice: true,
          assigned_at: new Date('2026-11-20T08:00:00Z'),
          rate_reprice: true,
          reports: 0,
          checkpoints: { usage: 0, payments: 9, invoices: 9, calls: 9 },
        },
      ]);
    });
  } finally {
    await withConnection(adminUrl, (client) => client.query(`drop database ${name} with (force)`));
  }
});
