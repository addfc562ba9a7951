import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { dropVersion } from '../../src/replay/promote.ts';
import { createRebuildPool } from '../../src/replay/rebuild-pool.ts';
import { rebuildProjection } from '../../src/replay/rebuild.ts';
import type { Bench } from './bench.ts';
import { storiesOf } from './finance-events.ts';
import { createFinanceLog } from './finance-log.ts';
import { fillBySql } from './rebuild-by-sql.ts';

const TENANTS = Array.from({ length: 100 }, (_each, index) => `tnt_${String(index).padStart(3, '0')}`);
const WORKERS = 2;
const logger = createLogger({ level: 'warn' });

/** The usage read model of a whole log, indexes included: facts, lines, cost reports, sums by 15 minutes and by days. */
export const rebuildBench: Bench = {
  name: 'rebuild',
  summary: 'events of the log that a rebuild of usage goes through a second',
  async prepare({ quick, servers }) {
    const { adminUrl, appUrl } = await servers.newDatabase();
    const pool = createRebuildPool(appUrl, logger);
    const months = [new Date(Date.UTC(2026, 7)), new Date(Date.UTC(2026, 8)), new Date(Date.UTC(2026, 9))];
    const log = await createFinanceLog({ adminUrl, appUrl }, { tenantIds: TENANTS, months });
    const [from = new Date(0)] = months;
    const wanted = quick ? 100_000 : 1_000_000;
    await log.insert(storiesOf(wanted, { batch: 'r', from, to: new Date(Date.UTC(2026, 10)), tenantIds: TENANTS }));
    const events = await log.count('select count(*) from hookledger.events');
    const memory: number[] = [];

    return {
      unit: 'events/s',
      ours: {
        name: 'hookledger',
        run: () =>
          rateOf(events, pool, async () => {
            const { peak, result } = await withPeakMemory(() =>
              rebuildProjection(
                { databaseUrl: appUrl, logger, clock: systemClock, signal: new AbortController().signal },
                'usage',
                { workers: WORKERS, by: 'bench', reason: 'bench' },
              ),
            );
            memory.push(peak);
            return result.version;
          }),
      },
      others: [{ name: 'insert … select', run: () => rateOf(events, pool, () => fillBySql(pool)) }],
      goals: [{ against: 'insert … select', atLeast: 0.8 }],
      settings: {
        log: `${events} events, 100 tenants, three months: calls with costs, messages, invoices, payments, with plans and a cost rate`,
        work: `${WORKERS} threads; the other: the same tables and indexes, filled by SQL from the log, without prices and estimates`,
        durability: 'fsync on; flushes do not wait for the disk, the last transaction does',
      },
      remarks: () => [`memory of the process with both threads, at most: ${Math.round(Math.max(...memory))} MB`],
      async close() {
        await log.close();
        await pool.end();
      },
    };
  },
};

/** Each round makes a version of its own and drops it, which is not counted. */
async function rateOf(events: number, pool: Pool, build: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const version = await build();
  const seconds = (performance.now() - startedAt) / 1_000;
  await dropVersion(pool, 'usage', version);
  return events / seconds;
}

const LOOK_MS = 50;

async function withPeakMemory<T>(work: () => Promise<T>): Promise<{ peak: number; result: T }> {
  const over = new AbortController();
  let peak = 0;
  const looking = (async () => {
    while (!over.signal.aborted) {
      peak = Math.max(peak, process.memoryUsage.rss() / 1_000_000);
      await pause(LOOK_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  try {
    const result = await work();
    return { result, peak };
  } finally {
    over.abort();
    await looking;
  }
}
