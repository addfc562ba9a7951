import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import type { AlarmName } from '../../src/alarms/find-alarms.ts';
import { findAlarms } from '../../src/alarms/find-alarms.ts';
import { lookAtQueues, readReadings } from '../../src/alarms/read-readings.ts';
import { compareLooks } from '../../src/alarms/watch-queues.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { armTimers } from '../../src/event-store/timers.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { APPLICATION_ROLE, createPool, withTransaction } from '../../src/platform/postgres.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { declareQueues } from '../../src/workers/declare-queues.ts';
import { handleIngress } from '../../src/workers/handle-ingress.ts';
import { handleNotification } from '../../src/workers/handle-notification.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { urlOfDatabase } from '../support/database-url.ts';
import { timer } from '../support/timer.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const logger = createLogger({ level: 'silent' });
const DEPTH = { waiting: 2, active: 0, delayed: 0 };

let database: TestDatabase;

/** A database on which everything runs: the shards and the mark are held, as by processes that live. */
beforeEach(async () => {
  database = await createTestDatabase();
  await admin(
    `update hookledger.leases set owner = 'test', lease_until = clock_timestamp() + interval '1 hour'
     where name like 'relay-%' or name = 'high-water-mark'`,
  );
});
afterEach(() => database.drop());

async function admin(sql: string): Promise<void> {
  await database.adminPool.query(sql);
}

async function alarms(pool: Pool = database.pool) {
  return findAlarms((await readReadings(pool)).readings, []);
}

/** One call's event with its outbox rows. */
async function record(): Promise<void> {
  await recordWebhooks(database.pool, [webhookRecord({ key: randomUUID(), calls: ['call_1'] })]);
}

async function moveMark(): Promise<void> {
  const tracker = createHighWaterMarkTracker({ pool: database.pool, logger, owner: 'other' });
  await tracker.tick();
  await tracker.close();
}

/** As if the log had reached where it stands now so long ago. */
async function ageLog(interval: string): Promise<void> {
  await admin(`update hookledger.high_water_mark_history set at = at - interval '${interval}'`);
  await admin('alter table hookledger.events disable trigger all');
  await admin(`update hookledger.events set recorded_at = recorded_at - interval '${interval}'`);
}

/** As if the relay had published everything up to the mark, and the read models had folded it. */
async function catchUp(what: 'lanes' | 'projections'): Promise<void> {
  const mark = '(select position from hookledger.high_water_mark)';
  await admin(
    what === 'lanes'
      ? `update hookledger.lanes set published_position = ${mark}`
      : `update hookledger.projection_checkpoints set position = ${mark}`,
  );
}

describe('alarms over a real database', () => {
  test('are none where everything runs and keeps up', async () => {
    await record();
    await moveMark();
    await catchUp('projections');
    expect(await alarms()).toEqual([]);
  });

  test.each<[AlarmName, string, RegExp]>([
    [
      'relay-shards',
      `update hookledger.leases set lease_until = '-infinity' where name in ('relay-3', 'relay-7')`,
      /No relay holds 2 of 16 shards/,
    ],
    [
      'mark-untracked',
      `update hookledger.leases set lease_until = '-infinity' where name = 'high-water-mark'`,
      /No process moves the high-water mark/,
    ],
    ['partitions', `select setval('hookledger.position_seq', 25000000)`, /room for 5000000 positions/],
    [
      'uncertain-effects',
      `insert into hookledger.intents (queue, event_id, replay_id, step, tenant_id, declared, owner, lease_until, state,
         key, position, adapter, generation, request_hash, token, is_unanswered)
       values ('integration-tasks', gen_random_uuid(), 'live', 'send', 'unassigned', 'neither', 'w', now(), 'uncertain',
         gen_random_uuid(), 1, 'sms', 0, '', 1, true)`,
      /Of 1 calls to the outside/,
    ],
    [
      'dead-letters',
      `select set_config('hookledger.tenant', '*', false), hookledger.bury_jobs(json_build_array(json_build_object(
         'position', 1, 'queue', 'notifications', 'replay_id', 'live', 'generation', 0, 'tenant_id', 'unassigned',
         'event_id', gen_random_uuid(), 'event_type', 'CallStarted', 'cause', 'unrecoverable', 'detail', 'x',
         'attempts', 1)))`,
      /1 jobs ended without success within a day/,
    ],
  ])('%s', async (name, cause, text) => {
    await admin(cause);
    expect(await alarms()).toEqual([{ name, text: expect.stringMatching(text), action: expect.stringMatching(/\w/) }]);
  });

  test('a dead letter that was redriven with success is none any more', async () => {
    await admin(
      `insert into hookledger.dead_letters
         (position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts)
       values (1, 'notifications', 'live', 0, 'unassigned', gen_random_uuid(), 'CallStarted', 'unrecoverable', 'x', 1);
       insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
       values (1, 'notifications', 'live', 'unassigned', 1, 'done')`,
    );
    expect(await alarms()).toEqual([]);
  });

  test('timers-overdue: what is due does not fire', async () => {
    const arm = (key: string, inMs: number) =>
      withTransaction(database.pool, { tenant: '*' }, (tx) => armTimers(tx, [timer(key, { due: { inMs } })]));
    await arm('due in an hour', 3_600_000);
    await arm('just due', -1_000);
    expect(await alarms()).toEqual([]);
    await arm('overdue', -90_000);
    expect(await alarms()).toEqual([
      expect.objectContaining({
        name: 'timers-overdue',
        text: expect.stringMatching(/Of 2 timers .* the first is 9\d s late/),
      }),
    ]);
  });

  test('streams-held: a job died in a queue that holds, and the next one of its stream waits', async () => {
    const held = async () => (await alarms()).filter(({ name }) => name === 'streams-held').map(({ text }) => text);
    const declare = (onDead: 'go on' | 'hold') =>
      declareQueues(database.pool, [
        { queue: 'ingress-events', order: 'stream', onDead, handler: handleIngress },
        { queue: 'notifications', handler: handleNotification },
      ]);
    const jobOf = async (call: string) => {
      await recordWebhooks(database.pool, [webhookRecord({ key: randomUUID(), calls: [call] })]);
      const { rows } = await database.adminPool.query<{ position: string; event_id: string; event_type: string }>(
        `select position, event_id, event_type from hookledger.outbox where queue = 'ingress-events'
         order by position desc limit 1`,
      );
      return { queue: 'ingress-events', replay_id: 'live', generation: 0, tenant_id: 'unassigned', ...rows[0] };
    };
    const bury = (job: object) =>
      withTransaction(database.pool, { tenant: '*' }, (tx) =>
        tx.query('select hookledger.bury_jobs($1::json)', [
          JSON.stringify([{ ...job, cause: 'unrecoverable', detail: 'x', attempts: 1 }]),
        ]),
      );
    await declare('hold');
    const dead = await jobOf('call_1');
    await bury(dead);
    await jobOf('call_2');
    expect(await held()).toEqual([]);
    const next = await jobOf('call_1');
    expect(await held()).toEqual([
      `On ingress-events dead jobs hold 1 streams, the first for 0 s (event ${String(dead.event_id)}).`,
    ]);
    await declare('go on');
    expect(await held()).toEqual([]);
    await declare('hold');
    expect(await held()).toHaveLength(1);
    await admin(
      `insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
       values (${String(next.position)}, 'ingress-events', 'live', 'unassigned', 0, 'done')`,
    );
    expect(await held()).toEqual([]);
  });

  test('mark-stands: events are committed above a mark that does not follow', async () => {
    await record();
    await ageLog('20 seconds');
    expect(await alarms()).toEqual([
      expect.objectContaining({ name: 'mark-stands', text: expect.stringMatching(/stands at 0 for 2\d s/) }),
    ]);
  });

  test('outbox-age: the relay leaves rows that the mark has passed', async () => {
    await record();
    await moveMark();
    await catchUp('projections');
    await ageLog('2 minutes');
    expect(await alarms()).toEqual([
      expect.objectContaining({ name: 'outbox-age', text: expect.stringMatching(/waited for 12\d s/) }),
    ]);
  });

  test('projection-lag: a read model does not follow', async () => {
    await record();
    await moveMark();
    await catchUp('lanes');
    await ageLog('2 minutes');
    await admin(
      `update hookledger.projection_checkpoints set position = (select position from hookledger.high_water_mark)
       where name <> 'usage'`,
    );
    expect(await alarms()).toEqual([
      expect.objectContaining({ name: 'projection-lag', text: expect.stringMatching(/usage v\d+ is 12\d s behind/) }),
    ]);
  });

  test('unsettled-jobs: published long ago, and never ended', async () => {
    await record();
    await moveMark();
    await catchUp('lanes');
    await catchUp('projections');
    await ageLog('30 minutes');
    const found = await alarms();
    expect(found.map(({ name }) => name)).toContain('unsettled-jobs');
    expect(found[0]?.text).toMatch(/1 published jobs have not ended, the oldest for 1[78]\d\d s/);

    await admin(
      `insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
       select target_position, queue, replay_id, tenant_id, generation, 'done' from hookledger.outbox`,
    );
    expect(await alarms()).toEqual([]);
  });

  test('unsettled-jobs: what reconcile has found to be settled is not looked at again', async () => {
    await record();
    await moveMark();
    await catchUp('lanes');
    await catchUp('projections');
    await ageLog('30 minutes');
    await admin(
      `insert into hookledger.settled_lanes (tenant_id, queue, position)
       select tenant_id, queue, published_position from hookledger.lanes`,
    );
    expect(await alarms()).toEqual([]);
  });

  test('append-lock: names the process that holds it, also for an application that logs in under another role', async () => {
    const role = `hookledger_test_${randomBytes(4).toString('hex')}`;
    await admin(`create role ${role} login password 'test' in role ${APPLICATION_ROLE}`);
    const pool = createPool({
      url: urlOfDatabase(database.adminUrl, new URL(database.adminUrl).pathname.slice(1), {
        user: role,
        password: 'test',
      }),
      role: APPLICATION_ROLE,
      applicationName: 'hookledger work',
      max: 2,
      statementTimeoutMs: 30_000,
      idleInTransactionTimeoutMs: 30_000,
      logger,
    });
    try {
      await withTransaction(pool, { tenant: '*' }, async (tx) => {
        await tx.query('select pg_advisory_xact_lock_shared(7283, 1)');
        const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
        const { readings } = await readReadings(pool);
        expect(readings.oldestAppender).toMatchObject({ pid: rows[0]?.pid, applicationName: 'hookledger work' });
        expect(readings.oldestAppender?.seconds).toBeGreaterThanOrEqual(0);
        // A transaction of that age cannot be made in less time.
        const old = { ...readings, oldestAppender: { pid: 42, applicationName: 'hookledger work', seconds: 12.3 } };
        expect(findAlarms(old, [])).toEqual([
          expect.objectContaining({
            name: 'append-lock',
            text: 'The append lock has been held for 12 s by pid 42 (hookledger work).',
          }),
        ]);
      });
      expect((await readReadings(pool)).readings.oldestAppender).toBeUndefined();
    } finally {
      await pool.end();
      await admin(`drop role ${role}`);
    }
  });

  test('queue-stalled: jobs wait at two looks, and none of that queue has ended for minutes', async () => {
    const look = async () =>
      lookAtQueues([{ queue: 'notifications', depth: DEPTH }], (await readReadings(database.pool)).lastEndings);
    const end = (queue: string, ago: string) =>
      admin(
        `insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome, ended_at)
         values ((random() * 1e6)::bigint, '${queue}', 'live', 'unassigned', 0, 'done', now() - interval '${ago}')`,
      );
    await end('notifications', '6 minutes');
    await end('integration-tasks', '1 second');
    const { readings } = await readReadings(database.pool);
    const before = await look();
    expect(findAlarms(readings, compareLooks([], before))).toEqual([]);
    expect(findAlarms(readings, compareLooks(before, await look()))).toEqual([
      expect.objectContaining({
        name: 'queue-stalled',
        text: 'On notifications 2 jobs wait, and none has ended for 300 s.',
      }),
    ]);
    await end('notifications', '0 seconds');
    expect(findAlarms(readings, compareLooks(before, await look()))).toEqual([]);
  });
});
