import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DomainEvent } from '../../src/domain/events.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import type { JobPartition } from '../../src/event-store/job-partitions.ts';
import { dropJobPartitions } from '../../src/event-store/job-partitions.ts';
import { repeatJobs } from '../../src/event-store/repeat-jobs.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { newEvent } from '../support/new-event.ts';

const logger = createLogger({ level: 'silent' });
const SCOPE = { tenant: '*' };
const QUEUE = 'ingress-events';
const SIZE = 10_000_000;

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  (await database.adminPool.query<Record<string, unknown>>(text, values)).rows;

/** A job on ingress-events, generation 0: the position of its event. */
async function newJob(call: string): Promise<string> {
  const [appended] = await withTransaction(database.pool, SCOPE, (tx) => appendEvents(tx, [newEvent({ call })]));
  return String(appended?.position);
}

async function end(position: string, outcome = 'done', { generation = 0, replayId = 'live' } = {}): Promise<void> {
  await sql(
    `insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
     values ($1, $2, $3, 'unassigned', $4, $5)
     on conflict (position, queue, replay_id) do update
     set outcome = excluded.outcome, generation = excluded.generation, ended_at = clock_timestamp()`,
    [position, QUEUE, replayId, generation, outcome],
  );
}

/** The sequence goes on in the partition with this number. */
async function drawTo(partition: number): Promise<void> {
  await sql(`select setval('hookledger.position_seq', $1)`, [partition * SIZE + 5]);
  await database.pool.query('select hookledger.ensure_partitions()');
}

async function moveMark(): Promise<void> {
  const tracker = createHighWaterMarkTracker({ pool: database.pool, logger, owner: 'test' });
  await tracker.tick();
  await tracker.close();
}

/** Everything that follows the log is where the mark is. */
async function catchUp(): Promise<void> {
  await moveMark();
  await sql('update hookledger.lanes set published_position = (select position from hookledger.high_water_mark)');
  await sql(
    `insert into hookledger.settled_lanes select tenant_id, queue, published_position from hookledger.lanes
     on conflict (tenant_id, queue) do update set position = excluded.position`,
  );
  await sql(
    'update hookledger.projection_checkpoints set position = (select position from hookledger.high_water_mark)',
  );
}

/** As if what is settled and ended by now had been so for 31 days. */
async function letTimePass(): Promise<void> {
  await sql(`update hookledger.job_partitions set settled_at = settled_at - interval '31 days'`);
  for (const table of ['inbox', 'dead_letters']) {
    const column = table === 'inbox' ? 'ended_at' : 'died_at';
    await sql(`update hookledger.${table} set ${column} = ${column} - interval '31 days'`);
  }
}

async function drop(isDryRun = false): Promise<readonly JobPartition[]> {
  return dropJobPartitions(database.pool, { jobDays: 30, isDryRun, signal: new AbortController().signal });
}
const stateOf = async (partition = 0) => (await drop()).find((each) => each.partition === partition)?.state;

async function partitionsOf(parent: string): Promise<string[]> {
  const rows = await sql(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass order by 1`,
    [`hookledger.${parent}`],
  );
  return rows.map(({ name }) => String(name));
}

test('a partition of jobs goes once nothing holds it, and each thing that holds it is named', async () => {
  const [first, second] = [await newJob('call_1'), await newJob('call_2')];
  expect((await drop()).map(({ partition, state }) => [partition, state])).toEqual([
    [0, 'in-use'],
    [1, 'in-use'],
    [2, 'in-use'],
  ]);
  await drawTo(1);
  expect(await stateOf()).toBe('mark');
  await moveMark();
  expect(await stateOf()).toBe('lanes');
  await sql('update hookledger.lanes set published_position = $1', [second]);
  expect(await stateOf()).toBe('checkpoints');
  await catchUp();
  expect((await drop())[0]).toMatchObject({
    state: 'jobs',
    detail: `the job of CallStarted at ${first} on ingress-events, generation 0, has not ended`,
  });
  await end(first);
  expect((await drop())[0]?.detail).toContain(`at ${second} `);
  await end(second, 'purged');
  expect((await drop(true))[0]).toMatchObject({ state: 'grace' });
  expect(await sql('select from hookledger.job_partitions where settled_at is not null')).toEqual([]);
  expect((await drop())[0]).toMatchObject({ state: 'grace', detail: expect.stringContaining('kept until') });
  await letTimePass();
  expect((await drop(true))[0]).toMatchObject({ state: 'free' });
  expect((await drop()).map(({ partition, state }) => [partition, state])).toEqual([
    [0, 'dropped'],
    [1, 'in-use'],
    [2, 'in-use'],
    [3, 'in-use'],
  ]);

  await database.pool.query('select hookledger.ensure_partitions()');
  for (const parent of ['outbox', 'inbox', 'job_attempts']) {
    expect(await partitionsOf(parent)).not.toContain(`${parent}_000000`);
    expect(await partitionsOf(parent)).toContain(`${parent}_000001`);
  }
  expect(await partitionsOf('events')).toContain('events_000000');
  expect(await partitionsOf('webhooks')).toContain('webhooks_000000');
  expect(await sql('select from hookledger.events')).toHaveLength(2);
  const third = await newJob('call_3');
  expect(Number(third)).toBeGreaterThan(SIZE);
});

test('a job that is published again elsewhere holds the partition of its event until it has been over for so long', async () => {
  const job = await newJob('call_1');
  await end(job, 'dead');
  await drawTo(1);
  const repeated = async () =>
    withTransaction(database.pool, SCOPE, (tx) =>
      repeatJobs(tx, {
        jobs: [{ position: job, queue: QUEUE, replayId: 'live' }],
        type: 'JobRedriven',
        by: 'ada',
        reason: 'test',
      }),
    );
  await repeated();
  await catchUp();
  expect(await stateOf()).toBe('repetitions');
  await letTimePass();
  expect(await stateOf()).toBe('repetitions');
  await end(job, 'done', { generation: 1 });
  expect(await stateOf()).toBe('repetitions');
  await letTimePass();
  await sql('update hookledger.settled_lanes set position = 1');
  expect(await stateOf()).toBe('repetitions');
  await catchUp();
  expect(await stateOf()).toBe('dropped');

  // The partition of the repetition settles although the outcome went with the other one.
  await drawTo(2);
  await catchUp();
  expect(await stateOf(1)).toBe('grace');
});

test('a dead letter that can be redriven holds the partition of its event', async () => {
  const job = await newJob('call_1');
  await end(job, 'dead');
  await sql(
    `insert into hookledger.dead_letters
       (position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts)
     select position, $2, 'live', 0, tenant_id, event_id, type, 'unrecoverable', 'test', 1
     from hookledger.events where position = $1`,
    [job, QUEUE],
  );
  await drawTo(1);
  await catchUp();
  expect(await stateOf()).toBe('dead-letters');
  await sql(`update hookledger.job_partitions set settled_at = settled_at - interval '31 days'`);
  expect(await stateOf()).toBe('dead-letters');
  await sql('delete from hookledger.dead_letters');
  expect(await stateOf()).toBe('dropped');
});

test('a job about an event behind the retained inbox still runs once, and its outcome goes in its time', async () => {
  const job = await newJob('call_1');
  await end(job);
  await drawTo(1);
  await catchUp();
  await drop();
  await letTimePass();
  expect(await stateOf()).toBe('dropped');

  // As a rerun does: a row of its own for an old event.
  const position = String(Number(await newJob('call_2')) + 1);
  await sql(
    `begin; select pg_advisory_xact_lock_shared(7283, 1);
     insert into hookledger.outbox (position, queue, replay_id, tenant_id, target_position, event_id, event_type)
     select nextval('hookledger.position_seq'), '${QUEUE}', 'rerun_1', tenant_id, position, event_id, type
     from hookledger.events where position = ${job};
     commit`,
  );
  const ended = { position: job, queue: QUEUE, replay_id: 'rerun_1', generation: 0, tenant_id: 'unassigned' };
  const finish = () =>
    database.pool.query<{ job: number }>(`select * from hookledger.finish_jobs($1, $2, '[]', '[]') job`, [
      JSON.stringify([{ job: 0, ...ended }]),
      JSON.stringify([
        { job: 0, ...ended, attempt: 1, outcome: 'done', transport: 'memory', started_at: new Date(), duration_ms: 1 },
      ]),
    ]);
  expect((await finish()).rows).toEqual([{ job: 0 }]);
  expect((await finish()).rows).toEqual([]);
  const late = async () => [
    await sql('select from hookledger.inbox_late'),
    await sql('select from hookledger.job_attempts_late'),
  ];
  expect(await late()).toEqual([[{}], [{}]]);

  await letTimePass();
  await sql(`update hookledger.job_attempts set started_at = started_at - interval '31 days'`);
  const forget = () => database.pool.query(`select hookledger.delete_late_jobs(30, 100)`);
  await forget();
  expect(await late()).toEqual([[{}], [{}]]);
  await sql('delete from hookledger.outbox where position = $1', [position]);
  await forget();
  expect(await late()).toEqual([[], []]);
});

test('while others work with the tables it is busy, waits for nobody for long, and goes another time', async () => {
  const job = await newJob('call_1');
  await end(job);
  await drawTo(1);
  await catchUp();
  await drop();
  await letTimePass();
  const reader = await database.adminPool.connect();
  await reader.query('begin');
  await reader.query('select from hookledger.outbox');
  expect(await stateOf()).toBe('busy');
  expect(await partitionsOf('inbox')).toContain('inbox_000000');
  await reader.query('commit');
  reader.release();
  expect(await stateOf()).toBe('dropped');
});

test('those who append and end jobs meanwhile see nothing of it', async () => {
  for (let partition = 0; partition < 5; partition += 1) {
    await end(await newJob(`call_${partition}`));
    await drawTo(partition + 1);
  }
  await catchUp();
  await drop();
  await letTimePass();
  let isOver = false;
  const work = async (name: string): Promise<number> => {
    let jobs = 0;
    for (; !isOver; jobs += 1) {
      const position = await newJob(`${name}_${jobs % 3}`);
      const job = { job: 0, position, queue: QUEUE, replay_id: 'live', generation: 0, tenant_id: 'unassigned' };
      await database.pool.query(`select * from hookledger.take_jobs($1)`, [JSON.stringify([job])]);
      await database.pool.query(`select * from hookledger.finish_jobs($1, '[]', '[]', '[]')`, [JSON.stringify([job])]);
    }
    return jobs;
  };
  const working = Promise.all(['a', 'b', 'c', 'd'].map(work));
  const states = async () => (await drop()).map(({ state }) => state);
  while (!(await states()).every((state) => state === 'in-use')) continue;
  isOver = true;
  for (const jobs of await working) expect(jobs).toBeGreaterThan(0);
  expect(await partitionsOf('inbox')).toEqual(['inbox_000005', 'inbox_000006', 'inbox_000007', 'inbox_late']);
});

test('the application drops nothing that is not settled, whatever it calls', async () => {
  await newJob('call_1');
  await drawTo(1);
  await catchUp();
  const call = async (text: string) => database.pool.query(text);
  await expect(call('drop table hookledger.outbox_000000')).rejects.toMatchObject({ code: '42501' });
  await expect(call('delete from hookledger.job_partitions')).rejects.toMatchObject({ code: '42501' });
  await expect(call('select hookledger.settle_job_partition(2, 100)')).rejects.toMatchObject({ code: '55000' });
  await expect(call('select hookledger.drop_job_partition(0, 1)')).rejects.toMatchObject({ code: '22023' });
  const { rows } = await database.pool.query('select hookledger.drop_job_partition(0, 2) as answer');
  expect(rows).toEqual([{ answer: 'held' }]);
  expect(await partitionsOf('outbox')).toContain('outbox_000000');
});

describe('a job is over', () => {
  const rows = fc.uniqueArray(
    fc.record({
      queue: fc.constantFrom('ingress-events', 'notifications'),
      generation: fc.integer({ min: 0, max: 2 }),
      inbox: fc.option(
        fc.record({
          outcome: fc.constantFrom('done', 'dead', 'expired', 'purged'),
          generation: fc.integer({ min: 0, max: 2 }),
        }),
      ),
    }),
    { minLength: 1, maxLength: 5, selector: ({ queue }) => queue },
  );

  test('exactly when it is done, or has ended under this generation or a higher one', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.boolean(), async (jobs, isLate) => {
        const [event] = await withTransaction(database.pool, SCOPE, (tx) =>
          appendEvents(tx, [newEvent({ call: 'call_of_none', event: unrouted })]),
        );
        const target = String(event?.position);
        const from = BigInt(target);
        for (const { queue, generation, inbox } of jobs) {
          await sql(
            `begin; select pg_advisory_xact_lock_shared(7283, 1);
             insert into hookledger.outbox
               (position, queue, generation, tenant_id, target_position, event_id, event_type)
             select ${isLate ? `nextval('hookledger.position_seq')` : target}, '${queue}', ${generation}, tenant_id,
               position, event_id, type
             from hookledger.events where position = ${target};
             commit`,
          );
          if (inbox === null) continue;
          await sql(
            `insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
             values ($1, $2, 'live', 'unassigned', $3, $4)`,
            [target, queue, inbox.generation, inbox.outcome],
          );
        }
        const isOver = jobs.every(
          ({ generation, inbox }) => inbox !== null && (inbox.outcome === 'done' || inbox.generation >= generation),
        );
        const open = await sql('select detail from hookledger.first_open_job($1, $2)', [
          String(from),
          String(from + BigInt(jobs.length) + 1n),
        ]);
        expect(open).toHaveLength(isOver ? 0 : 1);
      }),
      { numRuns: 60 },
    );
  });
});

/** Routed nowhere. */
const unrouted: DomainEvent = {
  type: 'ConflictResolved',
  stream: { kind: 'provider-object', provider: 'retell', account: 'org_1', mode: 'test', externalId: 'x' },
  occurredAt: '2026-11-02T09:00:00.000Z',
  data: { webhookId: 'a', keptWebhookId: 'b', reason: 'test', by: 'ada' },
};
