import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool } from '../../src/platform/postgres.ts';
import { newEvent } from '../support/new-event.ts';
import type { Drill, Scene } from './drill.ts';
import { readProgress } from './read-progress.ts';
import type { Progress } from './read-progress.ts';
import { untilInFlight } from './until-in-flight.ts';

export const longTransaction: Drill = {
  name: 'long-transaction',
  breaks: 'nothing: a stranger keeps a transaction with a snapshot open until the end',
  async fault(scene) {
    const { pool, servers, broke } = scene;
    const stranger = await connect(servers.adminUrl);
    await stranger.query('begin isolation level repeatable read');
    await stranger.query('create table public.stranger (n integer)');
    broke(await untilInFlight(async () => (await readProgress(pool)).open));
    const before = await readProgress(pool);
    await pause(1_500);
    const problems = problemsOfStanding(before, await readProgress(pool));
    return async () => {
      // Still the same transaction: everything was finished beside it.
      const { rows } = await stranger.query<{ isOldest: boolean }>(
        `select pg_snapshot_xmin(pg_current_snapshot()) <= pg_current_xact_id() as "isOldest"`,
      );
      await stranger.query('rollback');
      await stranger.end();
      return rows[0]?.isOldest === true ? problems : [...problems, 'the stranger lost its transaction'];
    };
  },
};

function problemsOfStanding(before: Progress, after: Progress): string[] {
  return [
    ...(after.mark > before.mark ? [] : ['the high-water mark stood still']),
    ...(after.projected > before.projected ? [] : ['the read models stood still']),
  ];
}

const MAX_STALL_MS = 3_000;

export const hungAppender: Drill = {
  name: 'hung-appender',
  breaks: 'an appender, which has taken the append lock and drawn a position and then does nothing more',
  async fault(scene) {
    const { pool, servers, broke, mended, note } = scene;
    const appenders = createPool({
      url: servers.appUrl,
      applicationName: 'drill',
      max: 1,
      statementTimeoutMs: 5_000,
      // As every process of the application has it.
      idleInTransactionTimeoutMs: 2_000,
      connectTimeoutMs: 30_000,
      logger: createLogger({ level: 'silent' }),
    });
    const appender = await appenders.connect();
    const ended = new Promise<void>((resolve) => appender.once('end', resolve));
    await appender.query(`begin; select set_config('hookledger.tenant', '*', true)`);
    await appendEvents(appender, [newEvent({ call: 'hung' })]);
    broke(await untilInFlight(async () => (await readProgress(pool)).open));
    const stall = watchMark(scene);
    await ended;
    appender.release(true);
    await appenders.end();
    mended();
    await pause(1_000);
    const stalledMs = await stall();
    note(`the mark stood still for ${Math.round(stalledMs)} ms`);
    return async () => (stalledMs <= MAX_STALL_MS ? [] : [`the mark stood still for ${Math.round(stalledMs)} ms`]);
  },
};

/** Watches until it is called: the longest time for which the mark stood still while positions were drawn above it. */
function watchMark({ pool }: Scene): () => Promise<number> {
  let isOver = false;
  async function watch(): Promise<number> {
    let longest = 0;
    let movedAt = performance.now();
    for (let last = -1n; !isOver;) {
      const { mark, drawn } = await readProgress(pool);
      const now = performance.now();
      longest = Math.max(longest, now - movedAt);
      if (mark !== last || mark === drawn) movedAt = now;
      last = mark;
      await pause(20);
    }
    return longest;
  }
  const watching = watch();
  return () => {
    isOver = true;
    return watching;
  };
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}
