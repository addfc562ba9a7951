import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APP_ROLES } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { closeDemoBooks } from '../../src/dev/demo/demo-books.ts';
import { demoDeliveries } from '../../src/dev/demo/demo-deliveries.ts';
import type { DemoFigures } from '../../src/dev/demo/read-figures.ts';
import { readFigures } from '../../src/dev/demo/read-figures.ts';
import { readProgress } from '../../src/dev/demo/read-progress.ts';
import { sendDeliveries } from '../../src/dev/demo/send-deliveries.ts';
import { replayDemo } from '../../src/dev/demo/replay-demo.ts';
import { DEMO_PROJECTIONS } from '../../src/dev/demo/started-minutes.ts';
import type { DemoSetUp } from '../../src/dev/demo/set-up-demo.ts';
import { setUpDemo } from '../../src/dev/demo/set-up-demo.ts';
import type { Stack } from '../../src/dev/start-stack.ts';
import { startStack } from '../../src/dev/start-stack.ts';
import { formatDecimal, parseDecimal } from '../../src/domain/decimal.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { APPLICATION_ROLE, createPool, withTransaction } from '../../src/platform/postgres.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { eventually } from '../support/eventually.ts';
import { COSTS, ESTIMATES, REPLAY, SUMMARY, USAGE } from './demo-figures.ts';
import { readOracle } from './demo-oracle.ts';

const logger = createLogger({ level: 'silent' });
const deliveries = demoDeliveries();

let dataDir: string;
let stack: Stack;
let pool: Pool;
let setUp: DemoSetUp;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'hookledger-demo-'));
  const config = loadConfig({ HOOKLEDGER_DATA_DIR: dataDir, PORT: '0' });
  stack = await startStack({ config, logger, roles: APP_ROLES, projections: DEMO_PROJECTIONS });
  pool = createPool({
    url: stack.databaseUrl,
    role: APPLICATION_ROLE,
    applicationName: 'demo test',
    max: 2,
    statementTimeoutMs: 20_000,
    idleInTransactionTimeoutMs: 5_000,
    logger,
  });
  const orm = createOrm(stack.databaseUrl, { role: APPLICATION_ROLE, logger });
  setUp = await setUpDemo({ orm, pool, masterKey: stack.masterKey, dataDir });
  await orm.close(true);
}, 120_000);

afterAll(async () => {
  await pool.end();
  await stack.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

const send = () =>
  sendDeliveries({
    url: stack.url,
    sources: setUp.sources,
    deliveries,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });

async function caughtUp(): Promise<Awaited<ReturnType<typeof readProgress>>> {
  return eventually(async () => {
    const progress = await readProgress(pool);
    expect({ jobs: progress.jobsLeft, events: progress.eventsLeft }).toEqual({ jobs: 0, events: 0 });
    return progress;
  });
}

const nameOf = (tenantId: string): string => setUp.tenants[tenantId] ?? tenantId;
const plain = (amount: string): string => formatDecimal(parseDecimal(amount));
const sorted = <T>(rows: readonly T[]): readonly T[] =>
  rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

function usageOf(figures: DemoFigures) {
  return sorted(
    figures.usage.map((row) => [nameOf(row.tenant_id), row.window_start.slice(0, 10), row.meter, plain(row.quantity)]),
  );
}

function costsOf(figures: DemoFigures) {
  return sorted(
    figures.costs.map((row) => [
      nameOf(row.tenant_id),
      row.window_start.slice(0, 10),
      row.component,
      plain(row.cost.amount),
      row.cost.currency,
      row.cost_status,
    ]),
  );
}

function summaryOf(figures: DemoFigures) {
  return sorted(
    figures.summary.map((row) => ({
      tenant: nameOf(row.tenant_id),
      currency: row.currency,
      rated: plain(row.rated.amount),
      billed: plain(row.billed.amount),
      collected: plain(row.collected.amount),
      cost: plain(row.cost.amount),
    })),
  );
}

describe('the demo', () => {
  let first: DemoFigures;

  test('answers every kind of delivery as it should, and every queue has work', async () => {
    const answers = await send();
    const expected = { duplicate: 9, rejected: 1, unmapped: 1 };
    expect(Object.fromEntries(answers)).toMatchObject(expected);
    // The refund that comes before its payment has no tenant yet, unless both are recorded in one batch.
    expect((answers.get('accepted') ?? 0) + (answers.get('unassigned') ?? 0)).toBe(deliveries.length - 11);
    expect(answers.get('unassigned')).toBeGreaterThanOrEqual(1);
    const { queues } = await caughtUp();
    for (const queue of queues) {
      expect(queue.handled).toBeGreaterThan(0);
      expect(queue).toMatchObject({ published: queue.handled, dead: 0 });
    }
  });

  test('shows the figures that were worked out by hand', async () => {
    first = await readFigures({ url: stack.url, key: setUp.financeKey });
    expect(usageOf(first)).toEqual(sorted(USAGE));
    const reported = COSTS.flatMap(([tenant, day, ...amounts]) =>
      ['elevenlabs_tts', 'gpt_4_1', 'us_telephony'].map((component, index) => [
        tenant,
        day,
        component,
        amounts[index],
        'USD',
        'final',
      ]),
    );
    const estimated = ESTIMATES.map((row) => [...row, 'USD', 'estimated']);
    expect(costsOf(first)).toEqual(sorted([...reported, ...estimated]));
    expect(summaryOf(first)).toEqual(sorted(SUMMARY));
  });

  test('shows the figures of a plain SQL oracle over the events', async () => {
    const oracle = await withTransaction(pool, { tenant: '*' }, readOracle);
    expect(usageOf(first)).toEqual(
      sorted(oracle.usage.map((row) => [nameOf(row.tenant_id), row.day, row.meter, plain(row.quantity)])),
    );
    expect(costsOf(first)).toEqual(
      sorted(
        oracle.costs.map((row) => [
          nameOf(row.tenant_id),
          row.day,
          row.meter,
          plain(row.amount),
          row.currency,
          row.status,
        ]),
      ),
    );
    const money = (figure: 'billed' | 'collected' | 'cost') =>
      sorted(
        summaryOf(first)
          .filter((row) => row[figure] !== '0')
          .map((row) => [row.tenant, row.currency, row[figure]]),
      );
    for (const figure of ['billed', 'collected', 'cost'] as const) {
      expect(money(figure)).toEqual(
        sorted(oracle[figure].map((row) => [nameOf(row.tenant_id), row.currency, plain(row.amount)])),
      );
    }
  });

  test('one failed payment, reported by charge and intent, is one notification', async () => {
    const { rows } = await withTransaction(pool, { tenant: '*' }, (tx) =>
      tx.query<{ tenant_id: string; kind: string }>('select tenant_id, kind from hookledger.notifications'),
    );
    expect(rows.map((row) => [nameOf(row.tenant_id), row.kind])).toEqual([['Birch Motors', 'payment-failed']]);
  });

  test('sent again, freshly signed: all duplicates, and the figures are the same to the last digit', async () => {
    const answers = await send();
    expect(Object.fromEntries(answers)).toEqual({ duplicate: deliveries.length - 1, rejected: 1 });
    await caughtUp();
    expect(await readFigures({ url: stack.url, key: setUp.financeKey })).toEqual(first);
  });

  test('its books end with a closed month, a late adjustment, a reopened revision and a tenant at a loss', async () => {
    const close = () => closeDemoBooks({ url: stack.url, setUp, catchUp: caughtUp });
    const books = await close();
    expect(books.revisions).toEqual([1, 2]);
    expect(
      sorted(books.adjustments.map((row) => [nameOf(row.tenant_id), row.figure, row.amount.amount, row.booked_period])),
    ).toEqual([
      ['Cedar Legal', 'cost', '0.06', '2026-11'],
      ['Cedar Legal', 'cost', '0.18', '2026-11'],
      ['Cedar Legal', 'cost', '0.288', '2026-11'],
      ['Cedar Legal', 'rated', '0.24', '2026-11'],
    ]);
    const losses = books.margin.filter(({ gross_profit: profit }) => profit?.amount.startsWith('-'));
    expect(losses.map((row) => nameOf(row.tenant_id))).toEqual(['Cedar Legal']);
    const again = await close();
    expect(again).toEqual({ ...books, adjustments: [] });
  });

  test('ends with a rebuild, a report of whose price would change, a promotion and the way back, again and again', async () => {
    for (let time = 1; time <= 2; time += 1) {
      const progress: number[] = [];
      const { verification, promoted, back } = await replayDemo({
        databaseUrl: stack.databaseUrl,
        logger,
        signal: new AbortController().signal,
        onProgress: (events, expected) => void progress.push(events / expected),
      });
      expect(progress.at(-1)).toBe(1);
      expect(
        verification.differences.map((row) => [
          nameOf(row.tenantId),
          row.month,
          row.figure,
          row.difference,
          row.currency,
        ]),
      ).toEqual(REPLAY);
      expect(promoted).toMatchObject({ from: 1, to: 2 });
      expect(back).toMatchObject({ from: 2, to: 1 });
      const { rows } = await withTransaction(pool, { tenant: '*' }, (tx) =>
        tx.query(`select version, state from hookledger.projections where name = 'usage'`),
      );
      expect(rows).toEqual([{ version: 1, state: 'active' }]);
    }
    expect(await readFigures({ url: stack.url, key: setUp.financeKey })).toEqual(first);
  });
});
