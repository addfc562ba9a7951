import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { runRetention } from '../../src/event-store/retention.ts';
import { repeatJobs } from '../../src/event-store/repeat-jobs.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { startOutsideServer } from '../support/outside-server.ts';
import type { OutsideServer } from '../support/outside-server.ts';
import { createEffectRig } from '../workers/effects-setup.ts';
import type { AttemptOptions, Job, Rig } from '../workers/effects-setup.ts';

let database: TestDatabase;
let outside: OutsideServer;
let rig: Rig;
beforeAll(async () => {
  database = await createTestDatabase();
  outside = await startOutsideServer();
  rig = createEffectRig(database, outside);
});
beforeEach(async () => {
  await rig.rows('delete from hookledger.intents');
  await rig.rows('delete from hookledger.job_partitions');
});
afterAll(async () => {
  await outside.close();
  await database.drop();
});

async function called(options: AttemptOptions = {}): Promise<Job> {
  const job = await rig.newJob();
  await rig.attempt(job, options);
  return job;
}

const dropPartition = () =>
  rig.rows(
    `insert into hookledger.job_partitions (partition, settled_to, settled_at, dropped_at, dropped_position)
     values (0, 10000000, clock_timestamp() - interval '31 days', clock_timestamp(), 1)`,
  );

const letTimePass = (days = 31) =>
  rig.rows(
    `update hookledger.intents set created_at = created_at - make_interval(days => $1),
       called_at = called_at - make_interval(days => $1), ended_at = ended_at - make_interval(days => $1),
       lease_until = lease_until - make_interval(days => $1)`,
    [days],
  );

async function run(): Promise<number | undefined> {
  const days = { jobDays: 30, deadLetterDays: 30, webhookBodyDays: undefined };
  const deps = { pool: database.pool, logger: createLogger({ level: 'silent' }), days };
  return (await runRetention(deps, new AbortController().signal)).intents;
}

const left = async (job: Job) => (await rig.effects(job)).map(({ state }) => state);

test('intents of calls go with the partition of their job, and not before', async () => {
  const done = await called();
  outside.script(422);
  const refused = await called();
  await letTimePass();
  expect(await run()).toBe(0);
  await dropPartition();
  const young = await called();
  expect(await run()).toBe(2);
  expect([await left(done), await left(refused), await left(young)]).toEqual([[], [], ['done']]);
  expect(await run()).toBe(0);
});

test('an effect that nobody knows about stays until a person has decided, and what is called now stays', async () => {
  outside.script('lost-after', 'lost-after');
  const uncertain = await called({ adapter: outside.adapter('neither') });
  const unanswered = await called({ adapter: outside.adapter('idempotent') });
  await letTimePass();
  await dropPartition();
  outside.during(async () => expect(await run()).toBe(0));
  const underWay = await called();
  outside.during(undefined);
  expect(await run()).toBe(0);
  expect([await left(uncertain), await left(unanswered), await left(underWay)]).toEqual([
    ['uncertain'],
    ['open'],
    ['done'],
  ]);
});

test('an effect that later events may name is done for ever', async () => {
  const call = { effectKey: 'pi_1#payment' };
  const first = await rig.newJob({ call: 'reported_late' });
  const done = await rig.attempt(first, { call });
  await letTimePass(4_000);
  await dropPartition();
  expect(await run()).toBe(0);
  const late = await rig.newJob({ call: 'reported_late' });
  expect(await rig.attempt(late, { call })).toEqual(done);
  const [effect] = await rig.effects(first);
  expect(outside.calls(effect?.key ?? '')).toBe(1);
});

test('an event behind the retained inbox that is handed on again keeps its intent until that job is over', async () => {
  const job = await called();
  const { position, queue, replayId } = job.message;
  await withTransaction(database.pool, { tenant: '*' }, (tx) =>
    repeatJobs(tx, { jobs: [{ position, queue, replayId }], type: 'JobRedriven', by: 'ada', reason: 'test' }),
  );
  await letTimePass();
  await dropPartition();
  expect(await run()).toBe(0);
  await rig.rows('delete from hookledger.outbox where target_position = $1 and position <> $1', [position]);
  expect(await run()).toBe(1);
});

test('an intent that somebody works with is left for another time', async () => {
  const job = await called();
  await letTimePass();
  await dropPartition();
  const client = await database.adminPool.connect();
  await client.query('begin');
  await client.query('select from hookledger.intents for update');
  expect(await run()).toBe(0);
  await client.query('rollback');
  client.release();
  expect(await run()).toBe(1);
  expect(await left(job)).toEqual([]);
});
