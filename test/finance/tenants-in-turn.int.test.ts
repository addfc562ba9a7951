import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { reportRowJson, totalsJson } from '../../src/finance/report-json.ts';
import type { Report } from '../../src/finance/report.ts';
import { reports } from '../../src/finance/reports.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { APPLICATION_ROLE, createPool } from '../../src/platform/postgres.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { call, invoice, openBooks, payment } from './books.ts';
import type { Books } from './books.ts';

const TENANTS = ['tnt_a', 'tnt_b'] as const;
const FINANCE_TABLES = ['usage_lines_v1', 'usage_sums_v1', 'payment_lines_v1', 'invoice_lines_v1', 'events', 'tenants'];

let books: Books;
/** One connection: whatever a transaction leaves behind on it, the next one gets. */
let pool: Pool;

beforeAll(async () => {
  books = await openBooks({ tenants: TENANTS, now: '2026-11-03T09:00:00Z' });
  for (const tenant of TENANTS) {
    await books.append([
      ...call(tenant, { id: `call-${tenant}`, at: '2026-10-10T10:00:00Z', seconds: '60', cost: '0.1' }),
      ...invoice(tenant, { id: `in-${tenant}`, at: '2026-10-10T10:00:00Z', net: '100', tax: '19' }),
      ...payment(tenant, { id: `pi-${tenant}`, at: '2026-10-10T10:00:00Z', amount: '119' }),
    ]);
  }
  await books.fold();
  pool = createPool({
    url: books.database.appUrl,
    role: APPLICATION_ROLE,
    applicationName: 'one connection',
    max: 1,
    statementTimeoutMs: 30_000,
    idleInTransactionTimeoutMs: 10_000,
    logger: createLogger({ level: 'silent' }),
  });
});
afterAll(async () => {
  await pool.end();
  await books.close();
});

async function ask(report: Report, tenantId: string): Promise<string> {
  const reader = { tenantId };
  return withReadTransaction(pool, reader, async (tx) => {
    const query = report.parameters.shape['as_of_a'] === undefined ? {} : { as_of_a: '0' };
    const opened = await report
      .ask({ from: '2026-10-01', to: '2026-11-01', ...query })
      .open(tx, { reader, clock: books.deps.clock });
    const page = await opened.readPage(1000);
    const rows = page.rows.map((row) => reportRowJson(report.columns, row, 'UTC'));
    return JSON.stringify([rows, totalsJson(await opened.readTotals(), 'UTC')]);
  });
}

async function countUnscoped(): Promise<Readonly<{ backend: number; counts: readonly number[] }>> {
  const { rows } = await pool.query<{ backend: number; counts: readonly number[] }>(
    `select pg_backend_pid() as backend,
       array[${FINANCE_TABLES.map((table) => `(select count(*)::integer from hookledger.${table})`).join(', ')}] as counts`,
  );
  if (rows[0] === undefined) throw new Error('no answer');
  return rows[0];
}

const NONE = FINANCE_TABLES.map(() => 0);

test('two tenants in turn on one connection: neither sees a row of the other in any report, and without a tenant there is none', async () => {
  const { backend } = await countUnscoped();
  const seen = new Set<string>();
  for (let turn = 0; turn < 2; turn += 1) {
    for (const report of reports.filter(({ isOfPlatform }) => !isOfPlatform)) {
      for (const [tenant, other] of [TENANTS, ['tnt_b', 'tnt_a']] as const) {
        const text = await ask(report, tenant);
        expect(text).not.toContain(other);
        if (text.includes(tenant)) seen.add(report.name);
      }
    }
    expect(await countUnscoped()).toEqual({ backend, counts: NONE });
  }
  // That they are empty proves nothing; these are not.
  expect([...seen]).toEqual(expect.arrayContaining(['usage/lines', 'costs', 'margin', 'summary', 'compare']));
});

test('a question that fails leaves its tenant behind to nobody', async () => {
  const { backend } = await countUnscoped();
  const failing = withReadTransaction(pool, { tenantId: 'tnt_a' }, async (tx) => tx.query('select 1 / 0'));
  await expect(failing).rejects.toMatchObject({ code: '22012' });
  expect(await countUnscoped()).toEqual({ backend, counts: NONE });
  const { rows } = await withReadTransaction(pool, { tenantId: 'tnt_b' }, (tx) =>
    tx.query('select distinct tenant_id from hookledger.usage_lines_v1'),
  );
  expect(rows).toEqual([{ tenant_id: 'tnt_b' }]);
});

test('a scope that was set for the session, not for the transaction, would be found', async () => {
  await pool.query(`select set_config('hookledger.tenant', 'tnt_a', false)`);
  expect((await countUnscoped()).counts).not.toEqual(NONE);
  await pool.query('reset hookledger.tenant');
  expect((await countUnscoped()).counts).toEqual(NONE);
});
