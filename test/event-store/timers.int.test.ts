import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readEventData } from '../../src/domain/events.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import type { Timer } from '../../src/event-store/timers.ts';
import { armTimers, cancelTimers, fireDueTimers, readNextDueMs } from '../../src/event-store/timers.ts';
import type { Tx } from '../../src/platform/postgres.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { newEvent } from '../support/new-event.ts';
import { timer } from '../support/timer.ts';

const PAST = { at: new Date('2026-11-01T08:00:00.250Z') };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.adminPool.query(
    `insert into hookledger.tenants (id, name) values ('tnt_a', 'a'), ('tnt_b', 'b') on conflict do nothing`,
  );
});
afterAll(() => database.drop());

const inTransaction = <T>(fn: (tx: Tx) => Promise<T>, tenant = '*') => withTransaction(database.pool, { tenant }, fn);
const arm = (...timers: Timer[]) => inTransaction((tx) => armTimers(tx, timers));
const cancel = (...keys: string[]) => inTransaction((tx) => cancelTimers(tx, keys));
const fire = (limit = 100) => inTransaction((tx) => fireDueTimers(tx, limit));
const rows = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  (await database.adminPool.query<Record<string, unknown>>(sql, values)).rows;
const firings = (key: string) =>
  rows(`select * from hookledger.events where type = 'TimerFired' and data ->> 'key' = $1`, [key]);
const armed = (key: string) => rows('select * from hookledger.timers where key = $1', [key]);

describe('a timer', () => {
  test('that is due becomes an event in its stream, with a job for flows, and is gone', async () => {
    const [cause, correlation] = [randomUUID(), randomUUID()];
    await inTransaction((tx) => appendEvents(tx, [newEvent({ call: 'call_one', tenantId: 'tnt_a' })]));
    const one = timer('one', {
      call: 'call_one',
      due: PAST,
      data: { step: 'second', tries: 2 },
      tenantId: 'tnt_a',
      sourceId: 'src_1',
      causationId: cause,
      correlationId: correlation,
    });
    expect(await arm(one)).toEqual(['armed']);
    const [fired] = await fire();
    expect(fired).toEqual({ key: 'one', position: expect.any(BigInt) });
    expect(await armed('one')).toEqual([]);
    const [event, ...others] = await firings('one');
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      position: String(fired?.position),
      stream_key: 'call/retell/org_1/test/call_one',
      version: '2',
      tenant_id: 'tnt_a',
      mode: 'test',
      books: 'platform',
      source_id: 'src_1',
      causation_id: cause,
      correlation_id: correlation,
      occurred_at: PAST.at,
    });
    expect(readEventData('TimerFired', 1, event?.['data'])).toEqual({
      key: 'one',
      task: 'remind',
      dueAt: '2026-11-01T08:00:00.250Z',
      data: { step: 'second', tries: 2 },
    });
    expect(await rows('select queue from hookledger.outbox where position = $1', [event?.['position']])).toEqual([
      { queue: 'orchestration-flows' },
    ]);
  });

  test('that is not due stays, and says when the next one is', async () => {
    await arm(timer('later', { due: { inMs: 60_000 } }));
    expect(await fire()).toEqual([]);
    const dueInMs = await inTransaction(readNextDueMs);
    expect(dueInMs).toBeGreaterThan(0);
    expect(dueInMs).toBeLessThanOrEqual(60_000);
    expect(await cancel('later')).toEqual(['later']);
    expect(await inTransaction(readNextDueMs)).toBeUndefined();
  });

  test('begins a stream that has no event yet', async () => {
    await arm(timer('new_thing', { due: PAST, tenantId: 'tnt_b' }));
    await fire();
    expect(await firings('new_thing')).toMatchObject([{ version: '1', tenant_id: 'tnt_b' }]);
  });

  test('takes the tenant that its stream has when it fires', async () => {
    await arm(timer('moved', { due: { inMs: 0 }, call: 'call_moved' }));
    await inTransaction((tx) => appendEvents(tx, [newEvent({ call: 'call_moved', tenantId: 'tnt_b' })]));
    await fire();
    expect(await firings('moved')).toMatchObject([{ version: '2', tenant_id: 'tnt_b' }]);
  });

  test('is armed and cancelled by one tenant’s transaction for that tenant only', async () => {
    const other = timer('of_b', { tenantId: 'tnt_b' });
    await arm(other);
    await expect(inTransaction((tx) => armTimers(tx, [timer('b2', { tenantId: 'tnt_b' })]), 'tnt_a')).rejects.toThrow(
      /row-level security/,
    );
    expect(await inTransaction((tx) => cancelTimers(tx, ['of_b']), 'tnt_a')).toEqual([]);
    await expect(inTransaction((tx) => fireDueTimers(tx, 1), 'tnt_a')).rejects.toMatchObject({ code: '42501' });
    expect(await inTransaction((tx) => cancelTimers(tx, ['of_b']), 'tnt_b')).toEqual(['of_b']);
  });
});

describe('a key', () => {
  test('that is armed is not armed again: the first timer stays as it was', async () => {
    await arm(timer('twice', { task: 'first' }));
    expect(await arm(timer('other'), timer('twice', { task: 'second' }), timer('other'))).toEqual([
      'armed',
      'exists',
      'exists',
    ]);
    expect(await armed('twice')).toMatchObject([{ task: 'first' }]);
    expect(await cancel('twice', 'other', 'never')).toEqual(['other', 'twice']);
  });

  test('that was cancelled can be armed anew; one that has fired never fires again', async () => {
    await arm(timer('again', { due: PAST }));
    await cancel('again');
    expect(await arm(timer('again', { due: PAST }))).toEqual(['armed']);
    await fire();
    expect(await arm(timer('again', { due: PAST }))).toEqual(['fired']);
    expect(await armed('again')).toEqual([]);
    expect(await firings('again')).toHaveLength(1);
  });

  test('that comes back behind the arming’s back is taken away without an event', async () => {
    await arm(timer('ghost', { due: PAST }));
    const [row] = await armed('ghost');
    await fire();
    await database.adminPool.query(
      'insert into hookledger.timers select * from json_populate_record(null::hookledger.timers, $1::json)',
      [JSON.stringify(row)],
    );
    expect(await fire()).toEqual([{ key: 'ghost', position: undefined }]);
    expect(await firings('ghost')).toHaveLength(1);
    expect(await armed('ghost')).toEqual([]);
  });

  test('that is armed while it fires waits for the firing, and answers that it has fired', async () => {
    await arm(timer('during', { due: PAST }));
    const firer = await database.pool.connect();
    await firer.query(`begin; select set_config('hookledger.tenant', '*', true)`);
    expect(await fireDueTimers(firer, 10)).toHaveLength(1);
    const arming = arm(timer('during', { due: PAST }));
    await eventually(async () => expect(await waiting('arm_timers')).toBe(1));
    await firer.query('commit');
    firer.release();
    expect(await arming).toEqual(['fired']);
    expect(await armed('during')).toEqual([]);
  });
});

describe('a firing', () => {
  test('whose process dies between the append and the commit leaves everything as it was', async () => {
    await arm(timer('doomed', { due: PAST }));
    const doomed = await database.pool.connect();
    await doomed.query(`begin; select set_config('hookledger.tenant', '*', true)`);
    expect(await fireDueTimers(doomed, 10)).toHaveLength(1);
    const { rows: self } = await doomed.query<{ pid: number }>('select pg_backend_pid() as pid');
    await database.adminPool.query('select pg_terminate_backend($1)', [self[0]?.pid]);
    doomed.release(true);
    await eventually(async () => expect(await fire()).toMatchObject([{ key: 'doomed' }]));
    expect(await firings('doomed')).toHaveLength(1);
  });

  test('by several at once takes each timer once', async () => {
    const timers = Array.from({ length: 300 }, (_, n) => timer(`crowd_${n}`, { due: PAST, call: `crowd_${n % 7}` }));
    await arm(...timers);
    const drain = async (): Promise<number> => {
      let taken = 0;
      for (let last = 1; last > 0; taken += last) last = (await fire(20)).length;
      return taken;
    };
    await Promise.all(Array.from({ length: 5 }, drain));
    await drain();
    const found = await rows(
      `select count(*)::integer as events, count(distinct data ->> 'key')::integer as keys from hookledger.events
       where type = 'TimerFired' and data ->> 'key' like 'crowd\\_%'`,
    );
    expect(found).toEqual([{ events: 300, keys: 300 }]);
    expect(await rows(`select from hookledger.timers where key like 'crowd\\_%'`)).toEqual([]);
  });

  test('leaves a timer that is being cancelled, and the later ones of its stream; the others fire', async () => {
    const due = (minute: number) => ({ at: new Date(Date.UTC(2026, 10, 1, 8, minute)) });
    await arm(
      timer('held_1', { due: due(1), call: 'held' }),
      timer('held_2', { due: due(2), call: 'held' }),
      timer('held_3', { due: due(3), call: 'held' }),
      timer('free_1', { due: due(4) }),
    );
    const canceller = await database.pool.connect();
    await canceller.query(`begin; select set_config('hookledger.tenant', '*', true)`);
    expect(await cancelTimers(canceller, ['held_2'])).toEqual(['held_2']);
    expect((await fire()).map(({ key }) => key)).toEqual(['held_1', 'free_1']);
    await canceller.query('rollback');
    canceller.release();
    expect((await fire()).map(({ key }) => key)).toEqual(['held_2', 'held_3']);
  });

  test('and a cancellation of it at the same moment never deadlock, and exactly one of them wins', async () => {
    const wins = { cancel: 0, fire: 0 };
    for (let round = 0; round < 60; round += 1) {
      const keys = Array.from({ length: 6 }, (_, n) => `race_${round}_${n}`);
      const call = `race_${round % 3}`;
      await arm(...keys.map((key, n) => timer(key, { due: PAST, call: n % 2 === 0 ? call : `race_other_${n}` })));
      // A flow's way: it cancels, then appends to the same streams, in an order of its own.
      const race = (mine: readonly string[], append: readonly string[]) =>
        inTransaction(async (tx) => {
          const won = await cancelTimers(tx, mine);
          await appendEvents(
            tx,
            append.map((name) => newEvent({ call: name, tenantId: 'tnt_a' })),
          );
          return won;
        });
      const [won, fired, wonToo, firedToo] = await Promise.all([
        race(keys.slice(0, 4), [call, 'race_other_1']),
        fire(),
        race(keys.slice(2).toReversed(), ['race_other_3', call]),
        fire(),
      ]);
      const rest = [...(await fire()), ...(await fire())];
      const winners = [...won, ...wonToo, ...[...fired, ...firedToo, ...rest].map(({ key }) => key)];
      expect(winners.toSorted()).toEqual(keys.toSorted());
      for (const key of keys) {
        const isCancelled = won.includes(key) || wonToo.includes(key);
        expect(await firings(key)).toHaveLength(isCancelled ? 0 : 1);
      }
      wins.cancel += won.length + wonToo.length;
      wins.fire += fired.length + firedToo.length;
    }
    expect(await rows(`select from hookledger.timers where key like 'race\\_%'`)).toEqual([]);
    expect(wins.cancel).toBeGreaterThan(0);
    expect(wins.fire).toBeGreaterThan(0);
  });
});

/** How many sessions wait for a lock in a statement with this text. */
async function waiting(text: string): Promise<number> {
  const found = await rows(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
    [`%${text}%`],
  );
  return found.length;
}
