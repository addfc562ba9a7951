import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool } from '../../src/platform/postgres.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { newEvent } from '../support/new-event.ts';
import type { Seen } from './readers.ts';
import { faultsOf, markReader, naiveReader, provingReader, xminReader } from './readers.ts';

const logger = createLogger({ level: 'silent' });
const WRITERS = 8;
const ROUNDS = 50;
const STREAMS = 12;

let database: TestDatabase;
/** As appenders connect: who hangs inside a transaction is ended by the server. */
let appenders: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  appenders = createPool({
    url: database.appUrl,
    applicationName: 'appenders',
    max: WRITERS + 4,
    statementTimeoutMs: 20_000,
    idleInTransactionTimeoutMs: 700,
    logger,
  });
});

afterAll(async () => {
  await appenders.end();
  await database.drop();
});

const tracker = (owner: string) => createHighWaterMarkTracker({ pool: database.pool, logger, owner });

async function committed(): Promise<readonly Seen[]> {
  const { rows } = await database.adminPool.query<{ position: string; stream_key: string; version: string }>(
    'select position, stream_key, version from hookledger.events order by position',
  );
  return rows.map((row) => ({
    position: BigInt(row.position),
    streamKey: row.stream_key,
    version: BigInt(row.version),
  }));
}

describe('the high-water mark', () => {
  test('of an empty store is 0, and the first event is not skipped', async () => {
    const only = tracker('empty');
    expect(await only.tick()).toBe(0n);
    const reader = markReader(database.pool, 'read committed');
    expect(await reader.poll()).toBe(0);
    const client = await appenders.connect();
    await client.query('begin');
    await appendEvents(client, [newEvent({ call: 'first' })]);
    await client.query('commit');
    client.release();
    expect(await only.tick()).toBeGreaterThanOrEqual(1n);
    expect(await reader.poll()).toBe(1);
    await only.close();
  });

  test('an insert without the append lock is refused, through the parent and into a partition', async () => {
    const columns = `position, queue, tenant_id, target_position, event_id, event_type`;
    for (const table of ['outbox', 'outbox_000000']) {
      await expect(
        database.adminPool.query(
          `insert into hookledger.${table} (${columns})
           values (nextval('hookledger.position_seq'), 'notifications', 'unassigned', 1, gen_random_uuid(), 'CallStarted')`,
        ),
      ).rejects.toMatchObject({ code: 'HL001' });
    }
    await expect(
      database.adminPool.query(`insert into hookledger.events_000000 select * from hookledger.events`),
    ).rejects.toMatchObject({ code: 'HL001' });
    // The application role may not even try.
    await expect(
      database.pool.query(`insert into hookledger.events_000000 select * from hookledger.events`),
    ).rejects.toMatchObject({ code: '42501' });
  });

  test('skips nothing and reorders nothing under torture, where a naive and an xmin reader do', async () => {
    const stranger = await database.adminPool.connect();
    await stranger.query('begin');
    // On a busy machine it stays open for longer than the pool allows.
    await stranger.query('set local idle_in_transaction_session_timeout = 0');
    await stranger.query('select pg_current_xact_id()');

    const trackers = [tracker('a'), tracker('b')];
    const readers = {
      readCommitted: markReader(database.pool, 'read committed'),
      repeatableRead: markReader(database.pool, 'repeatable read'),
      proving: provingReader(database.pool),
      naive: naiveReader(database.pool),
      xmin: xminReader(database.pool),
    };
    let isOver = false;
    const untilOver = async (step: () => Promise<unknown>) => {
      while (!isOver) {
        await step();
        await yieldToOthers();
      }
    };
    const loops = [
      // Who asks for appenders is killed, and starts over; the mark must not have moved past an open appender.
      ...trackers.map((each) => untilOver(() => each.tick().catch(() => undefined))),
      ...Object.values(readers).map((reader) =>
        untilOver(() => (reader === readers.proving ? reader.poll().catch(() => undefined) : reader.poll())),
      ),
    ];

    await Promise.all([
      ...Array.from({ length: WRITERS }, (_, writer) => write(writer)),
      lateCommit(readers.naive.seen),
      hang(),
      killTrackers(),
    ]);
    isOver = true;
    await Promise.all(loops);

    await trackers[0]?.tick();
    const all = await committed();
    const ours = [readers.readCommitted, readers.repeatableRead, readers.proving];
    for (const reader of ours) while ((await reader.poll()) > 0) continue;
    await readers.naive.poll();
    await readers.xmin.poll();

    for (const reader of ours) {
      expect(faultsOf(reader.seen, all)).toEqual({ skipped: 0, repeated: 0, reordered: 0 });
      expect(reader.seen).toHaveLength(all.length);
    }
    expect(faultsOf(readers.naive.seen, all).skipped).toBeGreaterThan(0);
    // A stranger's open transaction stalls it: everything that came after is still invisible to it.
    expect(faultsOf(readers.xmin.seen, all).skipped).toBeGreaterThan(all.length / 2);
    await stranger.query('rollback');
    stranger.release();

    await writeFirstAppendLater();
    while ((await readers.xmin.poll()) > 0) continue;
    expect(faultsOf(readers.xmin.seen, await committed()).reordered).toBeGreaterThan(0);
    await trackers[1]?.tick();
    for (const reader of ours) while ((await reader.poll()) > 0) continue;
    for (const reader of ours) {
      expect(faultsOf(reader.seen, await committed())).toEqual({ skipped: 0, repeated: 0, reordered: 0 });
    }
    expect(all.length).toBeGreaterThan(WRITERS * ROUNDS * 0.5);
    await Promise.all(trackers.map((each) => each.close()));
  });

  async function write(writer: number): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const client = await appenders.connect();
      let isKilled = false;
      try {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        await client.query('begin');
        await appendEvents(
          client,
          Array.from({ length: randomInt(1, 4) }, () => newEvent({ call: `call_${randomInt(STREAMS)}` })),
        );
        if (randomInt(4) === 0) await client.query(`select pg_sleep(${randomInt(20) / 1_000})`);
        if (randomInt(25) === 0) {
          isKilled = true;
          await database.adminPool.query('select pg_terminate_backend($1::integer)', [rows[0]?.pid]);
        }
        await client.query(randomInt(10) === 0 ? 'rollback' : 'commit');
      } catch (error) {
        if (!isKilled) throw new Error(`writer ${writer} failed in round ${round}`, { cause: error });
      } finally {
        client.release(isKilled);
      }
    }
  }

  /** Draws a position, lets others commit above it and the naive reader see them, then commits. */
  async function lateCommit(naiveSeen: readonly Seen[]): Promise<void> {
    const client = await appenders.connect();
    await client.query('begin');
    const [late] = await appendEvents(client, [newEvent({ call: 'late' })]);
    // Statements keep the transaction from being idle for too long.
    while (!naiveSeen.some(({ position }) => position > (late?.position ?? 0n))) await client.query('select 1');
    await client.query('commit');
    client.release();
  }

  /** An appender that stops talking: the server ends it, and until then the mark must stand below its position. */
  async function hang(): Promise<void> {
    const client = await appenders.connect();
    const ended = new Promise<void>((resolve) => client.once('error', () => resolve()));
    await client.query('begin');
    await appendEvents(client, [newEvent({ call: 'hanging' })]);
    await ended;
    client.release(true);
  }

  async function killTrackers(): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      await database.adminPool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query like '%pg_locks%' and pid <> pg_backend_pid()`,
      );
      await yieldToOthers();
    }
  }

  /** Gets its transaction id with another write, and appends after a younger transaction did. */
  async function writeFirstAppendLater(): Promise<void> {
    const older = await appenders.connect();
    const younger = await appenders.connect();
    await older.query('begin');
    await older.query('select pg_current_xact_id()');
    await younger.query('begin');
    await appendEvents(younger, [newEvent({ call: 'xid-order' })]);
    await younger.query('commit');
    await appendEvents(older, [newEvent({ call: 'xid-order' })]);
    await older.query('commit');
    older.release();
    younger.release();
  }
});
