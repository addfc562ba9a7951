import type { Pool } from '../../src/platform/postgres.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { sumUsageDays } from '../../src/projections/usage-days.ts';
import { sumUsageLines } from '../../src/projections/usage-sums.ts';
import { versionTable } from '../../src/projections/version-table.ts';

const VERSION = 99;

/**
 * What the database alone can do: the tables of usage, filled by statements from the log, then the same sums and indexes.
 * The greatest report of each fact makes one line; nothing is priced, superseded or estimated. Answers the version.
 */
export async function fillBySql(pool: Pool): Promise<number> {
  await withTransaction(pool, { tenant: '*', mayBeLost: true }, async (tx) => {
    await tx.query(
      `insert into hookledger.projections (name, version, state) values ('usage', $1::integer, 'building')`,
      [VERSION],
    );
    await tx.query(`select hookledger.create_version_tables('usage', $1::integer)`, [VERSION]);
    const [facts, usageLines] = [versionTable('usage_facts', VERSION), versionTable('usage_lines', VERSION)];
    await tx.query(
      `insert into ${facts} (fact_key, kind, stream_key, tenant_id, provider, account, mode, books, meter, unit,
         occurred_at, fact_rank, provider_time, position, event_id, first_position, tenant_since, quantity, cost,
         cost_currency, is_retired, is_cost_final, differing_reports)
       select distinct on (fact_key) fact_key, fact_kind, stream_key, tenant_id, provider, account, mode, books, meter, unit,
         occurred_at, fact_rank, provider_time, position, event_id, position, position, quantity, amount, currency, false,
         fact_kind = 'cost', 0
       from hookledger.events where fact_kind in ('usage', 'cost')
       order by fact_key, fact_rank desc, provider_time desc, position desc`,
    );
    await tx.query(
      `insert into ${usageLines} (position, line_no, fact_key, event_id, cause, kind, tenant_id, provider, mode, books, meter,
         unit, occurred_at, facts, quantity, cost, cost_currency, rated, rated_currency, unpriced, cost_status, uncosted)
       select position, 1, fact_key, event_id, 'fact', kind, tenant_id, provider, mode, books, meter, unit, occurred_at, 1,
         coalesce(quantity, 0), coalesce(cost, 0), coalesce(cost_currency, ''), 0, '', 0, 'final', 0
       from ${facts}`,
    );
  });
  const lines = versionTable('usage_lines', VERSION);
  const finish = (table: string, sums?: string): Promise<void> =>
    withTransaction(pool, { tenant: '*' }, async (tx) => {
      if (sums !== undefined) await tx.query(sums);
      await tx.query(`select hookledger.index_version_table('usage', $1::integer, $2::text)`, [VERSION, table]);
    });
  // Two at a time, as ours.
  await Promise.all([
    finish('usage_facts').then(() => finish('usage_sums', sumUsageLines(VERSION, lines))),
    finish('usage_lines')
      .then(() => finish('usage_days', sumUsageDays(VERSION, lines)))
      .then(() => finish('usage_cost_reports')),
  ]);
  return VERSION;
}
