import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { destination } from 'pino';
import { APP_ROLES } from '../../app.ts';
import type { Config } from '../../config.ts';
import { createLogger } from '../../platform/logger.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres.ts';
import { APPLICATION_ROLE, createPool } from '../../platform/postgres.ts';
import { untilAborted } from '../../platform/shutdown.ts';
import { createOrm } from '../../tenants/orm.ts';
import { createSignInLink } from '../../tenants/create-sign-in-link.ts';
import { startStack } from '../start-stack.ts';
import { closeDemoBooks } from './demo-books.ts';
import { demoDeliveries } from './demo-deliveries.ts';
import { startLatencyMeasure } from './latency.ts';
import type { DemoOutput } from './print-report.ts';
import { printCommands, printReport, showProgress } from './print-report.ts';
import { printBooks } from './print-books.ts';
import { printReplay } from './print-replay.ts';
import { readFigures } from './read-figures.ts';
import type { Progress } from './read-progress.ts';
import { readProgress } from './read-progress.ts';
import { replayDemo } from './replay-demo.ts';
import { sendDeliveries } from './send-deliveries.ts';
import { setUpDemo } from './set-up-demo.ts';
import { DEMO_PROJECTIONS } from './started-minutes.ts';

const CATCH_UP_DEADLINE_MS = 180_000;
const POLL_MS = 100;

/**
 * Starts everything embedded on `<data>/demo`, sends the demo's webhooks through the real endpoint, waits until the
 * read models have caught up and prints what came of it. Goes on serving until `signal` is aborted; with `once` it
 * stops by itself. Safe to repeat: the second time everything is a duplicate and the figures stay the same.
 */
export async function runDemo(options: {
  config: Config;
  out: DemoOutput;
  once: boolean;
  signal: AbortSignal;
}): Promise<number> {
  const { out, once, signal } = options;
  const dataDir = join(options.config.dataDir, 'demo');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // The demo is the same everywhere: it leaves the servers of the environment alone.
  const config: Config = { ...options.config, dataDir, databaseUrl: undefined, redisUrl: undefined };
  const logger = createLogger(
    { level: config.logLevel },
    destination({ dest: join(dataDir, 'hookledger.log'), mkdir: true }),
  );

  out.line(`DEVELOPMENT: data in ${relative(process.cwd(), dataDir) || '.'}/`);
  out.line('Starting PostgreSQL, queues and all four roles …');
  const stack = await startStack({ config, logger, roles: APP_ROLES, projections: DEMO_PROJECTIONS });
  const pool = createPool({
    url: stack.databaseUrl,
    role: APPLICATION_ROLE,
    applicationName: 'hookledger demo',
    max: 4,
    statementTimeoutMs: 20_000,
    idleInTransactionTimeoutMs: 2_000,
    logger,
  });
  const orm = createOrm(stack.databaseUrl, { role: APPLICATION_ROLE, logger });
  try {
    out.line(`${stack.description.postgres}; ${stack.description.queues}; ${stack.url}`);
    const setUp = await setUpDemo({ orm, pool, masterKey: stack.masterKey, dataDir });
    const since = new Date();
    const latency = startLatencyMeasure(stack.app);
    const deliveries = demoDeliveries();
    const showSent = showProgress(out, 'webhooks sent', deliveries.length);
    const answers = await sendDeliveries({
      url: stack.url,
      sources: setUp.sources,
      deliveries,
      signal,
      onProgress: showSent,
    });
    const progress = await catchUp(pool, out, signal);
    const figures = await readFigures({ url: stack.url, key: setUp.financeKey });
    printReport(out, { answers, progress, figures, tenants: setUp.tenants, latency: await latency.end(pool, since) });

    const catchUpQuietly = () => catchUp(pool, { ...out, note: () => undefined }, signal);
    const books = await closeDemoBooks({ url: stack.url, setUp, catchUp: catchUpQuietly });
    printBooks(out, { books, tenants: setUp.tenants });

    let showRebuilt: ((done: number) => void) | undefined;
    const replay = await replayDemo({
      databaseUrl: stack.databaseUrl,
      logger,
      signal,
      onProgress: (events, expected) => {
        showRebuilt ??= showProgress(out, 'events folded again', expected);
        showRebuilt(events);
      },
    });
    printReplay(out, { replay, tenants: setUp.tenants });

    const { token } = await createSignInLink({ orm, clock: systemClock }, { role: 'admin' });
    printCommands(out, {
      url: stack.url,
      token,
      financeKey: setUp.financeKey,
      dataDir: relative(process.cwd(), dataDir),
      once,
    });
    if (!once) {
      await untilAborted(signal);
      out.line('Stopping …');
    }
    return 0;
  } finally {
    await orm.close(true);
    await pool.end();
    await stack.stop();
    if (!once) out.line('Stopped; the data stays.');
  }
}

async function catchUp(pool: Pool, out: DemoOutput, signal: AbortSignal): Promise<Progress> {
  const deadline = performance.now() + CATCH_UP_DEADLINE_MS;
  let show: ((done: number) => void) | undefined;
  let most = 0;
  for (;;) {
    signal.throwIfAborted();
    const progress = await readProgress(pool);
    const left = progress.jobsLeft + progress.eventsLeft;
    most = Math.max(most, left);
    show ??= showProgress(out, 'jobs and events caught up', most);
    show(most - left);
    if (left === 0) return progress;
    if (performance.now() > deadline) {
      throw new Error(
        `After three minutes ${progress.jobsLeft} jobs and ${progress.eventsLeft} events are still to be done; see hookledger.log in the data directory.`,
      );
    }
    await pause(POLL_MS);
  }
}
