import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { armTimers } from '../../src/event-store/timers.ts';
import type { Timer } from '../../src/event-store/timers.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createTimerFirer } from '../../src/workers/fire-timers.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { timer } from '../support/timer.ts';

const logger = createLogger({ level: 'silent' });

let database: TestDatabase;
let appended: number;
beforeAll(async () => (database = await createTestDatabase()));
beforeEach(() => {
  appended = 0;
});
afterAll(() => database.drop());

const firer = (owner: string) =>
  createTimerFirer({ pool: database.pool, owner, logger, onAppended: () => (appended += 1) });
const arm = (...timers: Timer[]) => withTransaction(database.pool, { tenant: '*' }, (tx) => armTimers(tx, timers));

async function firedKeys(like: string): Promise<string[]> {
  const { rows } = await database.adminPool.query<{ key: string }>(
    `select data ->> 'key' as key from hookledger.events
     where type = 'TimerFired' and data ->> 'key' like $1 order by position`,
    [like],
  );
  return rows.map(({ key }) => key);
}

test('ten thousand that fell due in a downtime fire once each, in batches, in their order in each stream', async () => {
  const start = Date.UTC(2026, 9, 1);
  const count = 10_000;
  // Armed in an order of its own, ten to a moment, in forty streams.
  const timers = Array.from({ length: count }, (_, n) => (n * 7_919) % count).map((n) =>
    timer(`down/${String(n).padStart(5, '0')}`, {
      due: { at: new Date(start + Math.floor(n / 10) * 1_000) },
      call: `down_${n % 40}`,
    }),
  );
  await arm(...timers);
  const { tick } = firer('one');
  const batches: number[] = [];
  for (let taken = await tick(); taken > 0; taken = await tick()) batches.push(taken);
  expect(batches).toEqual(Array.from({ length: 50 }, () => 200));
  expect(appended).toBe(50);
  const { rows } = await database.adminPool.query<{ key: string; stream: string; version: string }>(
    `select data ->> 'key' as key, stream_key as stream, version from hookledger.events
     where type = 'TimerFired' and data ->> 'key' like 'down/%' order by stream_key, version`,
  );
  expect(new Set(rows.map(({ key }) => key)).size).toBe(count);
  for (const events of Map.groupBy(rows, ({ stream }) => stream).values()) {
    const keys = events.map(({ key }) => key);
    expect(keys).toEqual(keys.toSorted());
    expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => String(index + 1)));
  }
});

test('one process at a time fires; when it stops, the other goes on at once', async () => {
  const [first, second] = [firer('first'), firer('second')];
  const [stopFirst, stopSecond] = [new AbortController(), new AbortController()];
  const running = first.run(stopFirst.signal);
  await eventually(async () => expect(await holder()).toBe('first'));
  const runningToo = second.run(stopSecond.signal);
  await arm(timer('handed/1', { due: { inMs: 0 } }));
  first.wake();
  await eventually(async () => expect(await firedKeys('handed/%')).toEqual(['handed/1']));
  stopFirst.abort();
  await running;
  await first.close();
  await arm(timer('handed/2', { due: { inMs: 10 } }));
  await eventually(async () => expect(await firedKeys('handed/%')).toEqual(['handed/1', 'handed/2']));
  expect(await holder()).toBe('second');
  stopSecond.abort();
  await runningToo;
  await second.close();
  expect(await holder()).toBeNull();
});

test('a loop goes on after a failure', async () => {
  await database.adminPool.query(`update hookledger.leases set owner = null, lease_until = '-infinity'`);
  await database.adminPool.query('revoke execute on function hookledger.fire_due_timers from hookledger_app');
  await arm(timer('failure/1', { due: { inMs: 0 } }));
  const warned = Promise.withResolvers<void>();
  const noting = createLogger({ level: 'warn' }, { write: () => warned.resolve() });
  const loop = createTimerFirer({ pool: database.pool, owner: 'third', logger: noting, onAppended: () => undefined });
  const stop = new AbortController();
  const running = loop.run(stop.signal);
  await warned.promise;
  await database.adminPool.query('grant execute on function hookledger.fire_due_timers to hookledger_app');
  loop.wake();
  await eventually(async () => expect(await firedKeys('failure/%')).toEqual(['failure/1']));
  stop.abort();
  await running;
  await loop.close();
});

async function holder(): Promise<string | null> {
  const { rows } = await database.adminPool.query<{ owner: string | null }>(
    `select owner from hookledger.leases where name = 'timers'`,
  );
  return rows[0]?.owner ?? null;
}
