import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Declared } from '../../src/adapters/adapter.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import { messageKey } from '../../src/transports/message-key.ts';
import type { Consumer, Message, Transport } from '../../src/transports/transport.ts';
import type { CallDeps } from '../../src/workers/effect-log.ts';
import type { Handler } from '../../src/workers/handler.ts';
import { createJobStore } from '../../src/workers/job-store.ts';
import { resolveEffect } from '../../src/workers/resolve-effect.ts';
import { runWorker } from '../../src/workers/run-worker.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startOutsideServer } from '../support/outside-server.ts';
import type { OutsideServer } from '../support/outside-server.ts';
import { CALL_MS, createEffectRig, LEASE_MS } from './effects-setup.ts';
import type { Job, Rig } from './effects-setup.ts';

const QUEUE = 'integration-tasks';
const logger = createLogger({ level: 'silent' });

let database: TestDatabase;
let outside: OutsideServer;
let rig: Rig;
let transport: Transport;
const consumers: Consumer[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  outside = await startOutsideServer();
  rig = createEffectRig(database, outside);
});
beforeEach(() => {
  transport = createMemoryTransport({ logger });
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close(1_000)));
  await transport.close();
  outside.script();
});
afterAll(async () => {
  await outside.close();
  await database.drop();
});

async function work(handler: Handler, declared: Declared, more: Partial<CallDeps> = {}): Promise<void> {
  const { pool } = database;
  const adapters = [outside.adapter(declared)];
  consumers.push(
    await runWorker({
      pool,
      store: createJobStore({ pool }),
      transport,
      queue: QUEUE,
      handler,
      calls: {
        pool,
        adapters,
        owner: 'test',
        now: () => new Date(),
        leaseMs: LEASE_MS,
        callMs: CALL_MS,
        logger,
        ...more,
      },
      concurrency: 2,
      logger,
      now: () => new Date(),
      random: () => 0,
      newId: randomUUID,
      onAppended: () => undefined,
    }),
  );
}

/** Two calls; the second one's answer goes into a notification. */
const handler: Handler = (event) =>
  Promise.resolve({
    kind: 'done',
    calls: [
      { step: 'open', adapter: 'outside', request: { subject: event.externalId } },
      {
        step: 'send',
        adapter: 'outside',
        request: { subject: event.externalId },
        onDone: ({ id }) => ({
          effects: [
            {
              kind: 'notification',
              dedupeKey: event.eventId,
              notification: 'sent',
              subject: event.externalId,
              data: { id: String(id) },
            },
          ],
        }),
      },
    ],
  });

function generationOf({ message }: Job, generation: number): Message {
  return { ...message, generation, key: messageKey({ ...message, generation }) };
}

const ended = ({ message }: Job, outcome: string) =>
  eventually(async () =>
    expect(
      await rig.rows('select outcome from hookledger.inbox where position = $1 and queue = $2', [
        message.position,
        QUEUE,
      ]),
    ).toEqual([{ outcome }]),
  );

const notifications = ({ event }: Job) =>
  rig.rows('select data from hookledger.notifications where event_id = $1', [event.eventId]);

test('a job makes its calls in order, and what follows is written with its inbox row', async () => {
  const job = await rig.newJob();
  await work(handler, 'neither');
  await transport.publish(QUEUE, [job.message]);
  await ended(job, 'done');
  const effects = await rig.effects(job);
  expect(effects.map(({ step, state }) => [step, state])).toEqual([
    ['open', 'done'],
    ['send', 'done'],
  ]);
  expect(await notifications(job)).toEqual([{ data: { id: `done-${effects[1]?.key}` } }]);
});

test('a failed call is tried again, and the calls before it are not', async () => {
  const job = await rig.newJob();
  outside.script('ok', 'lost-before');
  await work(handler, 'idempotent');
  await transport.publish(QUEUE, [job.message]);
  await ended(job, 'done');
  const effects = await rig.effects(job);
  expect(effects.map(({ key }) => outside.calls(key))).toEqual([1, 2]);
  expect(
    await rig.rows('select outcome from hookledger.job_attempts where position = $1 order by attempt', [
      job.message.position,
    ]),
  ).toEqual([{ outcome: 'retry' }, { outcome: 'done' }]);
});

test('an uncertain call ends its job as a dead letter; a decision brings it to its end without another call', async () => {
  const job = await rig.newJob();
  outside.script('lost-after');
  await work(handler, 'neither');
  await transport.publish(QUEUE, [job.message]);
  await ended(job, 'dead');
  expect(
    await rig.rows('select cause from hookledger.dead_letters where position = $1', [job.message.position]),
  ).toEqual([{ cause: 'effect-uncertain' }]);
  const [uncertain] = await rig.effects(job);
  await resolveEffect(
    { pool: database.pool, clock: { now: () => new Date() }, newId: randomUUID },
    { effectId: uncertain?.key ?? '', decision: 'done', reason: 'seen in their log', by: 'ada' },
  );
  await transport.publish(QUEUE, [generationOf(job, 1)]);
  await ended(job, 'done');
  expect(outside.calls(uncertain?.key ?? '')).toBe(1);
  expect(await notifications(job)).toHaveLength(1);
});

test('a refused call ends its job at once, with its cause', async () => {
  const job = await rig.newJob();
  outside.script(422);
  await work(handler, 'idempotent');
  await transport.publish(QUEUE, [job.message]);
  await ended(job, 'dead');
  expect(
    await rig.rows('select cause, attempts from hookledger.dead_letters where position = $1', [job.message.position]),
  ).toEqual([{ cause: 'call-refused', attempts: 1 }]);
});

test('a worker that dies between the last result and the inbox row has its job done by the next, without a call', async () => {
  const job = await rig.newJob();
  let reports = 0;
  await work(handler, 'neither', {
    reached: (point) => {
      if (point === 'reported' && (reports += 1) === 2) throw new Error('crash');
    },
  });
  await transport.publish(QUEUE, [job.message]);
  await ended(job, 'done');
  const effects = await rig.effects(job);
  expect(effects.map(({ key }) => outside.calls(key))).toEqual([1, 1]);
  expect(await notifications(job)).toHaveLength(1);
});
