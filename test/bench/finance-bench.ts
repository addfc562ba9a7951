import { randomBytes } from 'node:crypto';
import { createLogger } from '../../src/platform/logger.ts';
import { createApiKey } from '../../src/tenants/create-api-key.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { startScript, stopScript } from '../support/run-script.ts';
import type { AppServerPlan } from './app-server.ts';
import type { BenchServers } from './bench.ts';
import { storiesOf } from './finance-events.ts';
import { createFinanceLog } from './finance-log.ts';
import { measureAnswers } from './finance-answers.ts';
import { measureExport } from './finance-export.ts';
import { measureStatement } from './finance-statement.ts';
import type { Limited, LimitBench } from './limit-bench.ts';

const TENANTS = Array.from({ length: 100 }, (_each, index) => `tnt_${String(index).padStart(3, '0')}`);
/** Whose month has 100,000 facts; it comes when the queries have been measured. */
const LARGE = 'tnt_large';

/** What finance asks of a log of 100,000 and of a million events, and how long it waits. */
export const financeBench: LimitBench = {
  name: 'finance',
  summary: 'p95 of every report and route of figures, a large statement, and the memory of a long export',
  async measure({ quick, servers, note }) {
    const figures: Limited[] = [];
    const settings: Record<string, string> = {
      log: '100 tenants, three months: calls with costs, messages with a cost rate, invoices and payments',
      queries:
        'one at a time over HTTP; for the last month and for all three, as of now and as of a position two thirds on',
      durability:
        'PostgreSQL with the settings that it comes with, everything of one test in its cache or that of the system',
    };
    for (const events of quick ? [100_000] : [100_000, 1_000_000]) {
      const isLast = quick || events === 1_000_000;
      // oxlint-disable-next-line no-await-in-loop -- one log after the other: they share the machine
      const outcome = await measureLog(servers, { events, isLast, quick, note });
      figures.push(...outcome.figures);
      settings[`${events} events`] = outcome.loaded;
    }
    return { settings, figures };
  },
};

async function measureLog(
  servers: BenchServers,
  { events, isLast, quick, note }: { events: number; isLast: boolean; quick: boolean; note: (line: string) => void },
): Promise<{ figures: readonly Limited[]; loaded: string }> {
  const database = await servers.newDatabase();
  const now = new Date();
  const monthsAgo = (count: number): Date => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count));
  const months = [monthsAgo(3), monthsAgo(2), monthsAgo(1)] as const;
  const [from, , lastMonth] = months;
  const to = monthsAgo(0);
  const period = lastMonth.toISOString().slice(0, 7);
  const log = await createFinanceLog(database, { tenantIds: [...TENANTS, LARGE], months });
  const { position, foldMs } = await log.load(storiesOf(events, { batch: 'a', from, to, tenantIds: TENANTS }));
  const lines = await log.count('select count(*) from hookledger.usage_lines_v1');
  const loaded = `${lines} lines of usage, folded in ${Math.round(foldMs / 1_000)} s`;
  note(`${events} events: ${loaded}`);

  const orm = createOrm(database.appUrl, { logger: createLogger({ level: 'warn' }) });
  const { key } = await createApiKey({ orm }, { role: 'finance' });
  const { key: tenantKey } = await createApiKey({ orm }, { role: 'finance', tenantId: TENANTS[42] ?? '' });
  await orm.close(true);
  const plan: AppServerPlan = {
    appUrl: database.appUrl,
    redisUrl: servers.redisUrl,
    masterKey: randomBytes(32).toString('base64'),
    roles: ['api', 'projector'],
  };
  const figures: Limited[] = [];
  try {
    await withServer(plan, async (url) => {
      const answers = { url, keys: { tenant: tenantKey, all: key }, from, lastMonth, to, period, position };
      const measured = await measureAnswers({ ...answers, times: quick ? 10 : 20, note });
      figures.push(...measured.map((figure) => ({ ...figure, name: `${events / 1_000}k ${figure.name}` })));
    });
    if (!isLast) return { figures, loaded };

    const month = { batch: 'b', from: lastMonth, to, tenantIds: [LARGE], messagesSent: 0, invoices: 0 };
    // Four facts a call, one a message.
    await log.load({ ...month, calls: 15_000, messagesReceived: 40_000 });
    const all = await log.count('select count(*) from hookledger.usage_lines_v1');
    await withServer(plan, async (url) => {
      figures.push(...(await measureStatement({ url, key, tenantId: LARGE, period, note })));
    });
    await withServer(plan, async (url, pid) => {
      figures.push(...(await measureExport({ url, pid, key, from, to, lines: all, note })));
    });
    return { figures, loaded };
  } finally {
    await log.close();
  }
}

/** The server as it is deployed, in a process of its own. */
async function withServer(plan: AppServerPlan, fn: (url: string, pid: number) => Promise<void>): Promise<void> {
  const { child, firstLine } = await startScript(new URL('./app-server.ts', import.meta.url), plan);
  try {
    await fn(firstLine, child.pid ?? 0);
  } finally {
    await stopScript(child);
  }
}
