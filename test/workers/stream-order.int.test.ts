import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { repeatJobs } from '../../src/event-store/repeat-jobs.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import { messageKey } from '../../src/transports/message-key.ts';
import type { Consumer, Message, Transport } from '../../src/transports/transport.ts';
import { purgeDeadLetters } from '../../src/workers/dead-letters/purge-dead-letters.ts';
import type { Handler, HandlerResult } from '../../src/workers/handler.ts';
import { createJobStore } from '../../src/workers/job-store.ts';
import { UnrecoverableJobError } from '../../src/workers/retry-policy.ts';
import type { WorkerDeps } from '../../src/workers/run-worker.ts';
import { runWorker } from '../../src/workers/run-worker.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { webhookRecord } from '../support/webhook-record.ts';
import { Signals } from '../transports/conformance/signals.ts';

const QUEUE = 'ingress-events';
const AN_HOUR_MS = 3_600_000;
const DONE: HandlerResult = { kind: 'done' };
const logger = createLogger({ level: 'silent' });

let database: TestDatabase;
let transport: Transport;
const consumers: Consumer[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  transport = createMemoryTransport({ logger });
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close(1_000)));
  await transport.close();
});

/** As a process of its own would: what it knows of others it has from the database and the transport. */
async function work(handler: Handler, options: Partial<WorkerDeps> = {}): Promise<void> {
  consumers.push(
    await runWorker({
      pool: database.pool,
      store: createJobStore({ pool: database.pool }),
      transport,
      queue: QUEUE,
      handler,
      order: 'stream',
      concurrency: 8,
      logger,
      now: () => new Date(),
      random: () => 0,
      newId: randomUUID,
      onAppended: () => undefined,
      ...options,
    }),
  );
}

/** The transport with other delays; tells what was snoozed, and for how long the worker meant it to be. */
function snoozingFor(delayMs: number): { slow: Transport; snoozed: Signals<{ key: string; delayMs: number }> } {
  const snoozed = new Signals<{ key: string; delayMs: number }>();
  const slow: Transport = {
    ...transport,
    consume: (queue, options) =>
      transport.consume(queue, {
        ...options,
        handle: async (delivery) => {
          const disposition = await options.handle(delivery);
          if (disposition.kind !== 'snooze') return disposition;
          snoozed.emit({ key: delivery.message.key, delayMs: disposition.delayMs });
          return { ...disposition, delayMs };
        },
      }),
  };
  return { slow, snoozed };
}

async function rows(sql: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
  return (await database.adminPool.query<Record<string, unknown>>(sql, [...values])).rows;
}

/** Jobs of one payment, in the order of its events. */
async function jobsOf(externalId: string, count: number): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (let index = 0; index < count; index += 1) {
    const webhook = webhookRecord({
      key: randomUUID(),
      events: [
        {
          type: 'PaymentFailed',
          stream: { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'test', externalId },
          occurredAt: '2026-11-02T09:00:00.000Z',
          data: { amount: '10', currency: 'USD' },
        },
      ],
    });
    await recordWebhooks(database.pool, [webhook]);
    const eventId = webhook.events[0]?.eventId ?? '';
    const [row] = await rows('select position from hookledger.events where event_id = $1', [eventId]);
    const job = { eventId, queue: QUEUE, replayId: 'live', generation: 0 };
    messages.push({
      ...job,
      key: messageKey(job),
      tenantId: 'unassigned',
      eventType: 'PaymentFailed',
      position: String(row?.['position']),
    });
  }
  return messages;
}

async function twoJobsOf(externalId: string): Promise<readonly [Message, Message]> {
  const [first, second] = await jobsOf(externalId, 2);
  if (first === undefined || second === undefined) throw new Error('Two jobs were asked for.');
  return [first, second];
}

/** The same job, published once more. */
async function again(message: Message, type: 'JobRedriven' | 'JobRepublished'): Promise<Message> {
  const [repeated] = await withTransaction(database.pool, { tenant: '*' }, (tx) =>
    repeatJobs(tx, { jobs: [message], type, by: 'ada', reason: 'mended' }),
  );
  const generation = repeated?.generation ?? -1;
  return { ...message, generation, key: messageKey({ ...message, generation }) };
}

const ended = (message: Message) =>
  eventually(async () => {
    const [row] = await rows('select outcome, generation from hookledger.inbox where position = $1', [
      message.position,
    ]);
    expect(row).toBeDefined();
    return row;
  });

test('jobs are handled in the order of their stream, whatever order and however many at once they come in', async () => {
  const messages = [...(await jobsOf('pi_a', 6)), ...(await jobsOf('pi_b', 6))];
  const handled: Record<string, bigint[]> = {};
  await work(async (event) => {
    (handled[event.externalId] ??= []).push(event.version);
    return DONE;
  });
  await transport.publish(QUEUE, messages.toReversed());
  for (const message of messages) expect(await ended(message)).toMatchObject({ outcome: 'done' });
  expect(handled).toEqual({ pi_a: [1n, 2n, 3n, 4n, 5n, 6n], pi_b: [1n, 2n, 3n, 4n, 5n, 6n] });
});

test.each<[string, () => HandlerResult]>([
  ['done', () => DONE],
  ['dead, in a queue that goes on', () => ({ kind: 'dead', reason: 'no' })],
])('a job that waits is woken by the commit that ends the one before it: %s', async (_, result) => {
  const [first, second] = await twoJobsOf(`pi_woken_${randomUUID()}`);
  const { slow, snoozed } = snoozingFor(AN_HOUR_MS);
  const gate = Promise.withResolvers<void>();
  await work(
    async (event) => {
      if (event.version > 1n) return DONE;
      await gate.promise;
      return result();
    },
    { transport: slow },
  );
  await transport.publish(QUEUE, [first, second]);
  expect(await snoozed.next()).toMatchObject({ key: second.key });
  await eventually(async () => expect(await transport.depth(QUEUE)).toEqual({ waiting: 0, active: 1, delayed: 1 }));
  gate.resolve();
  expect(await ended(second)).toMatchObject({ outcome: 'done' });
  expect(await rows('select attempt from hookledger.job_attempts where position = $1', [second.position])).toEqual([
    { attempt: 1 },
  ]);
});

test('a job that another process has snoozed is woken, too, under the generation that it was published with again', async () => {
  const [first, second] = await twoJobsOf('pi_elsewhere');
  const republished = await again(second, 'JobRepublished');
  const { slow, snoozed } = snoozingFor(AN_HOUR_MS);
  const gate = Promise.withResolvers<void>();
  const started = new Signals<void>();
  const handler: Handler = async (event) => {
    if (event.version > 1n) return DONE;
    started.emit();
    await gate.promise;
    return DONE;
  };
  await work(handler, { concurrency: 1 });
  await transport.publish(QUEUE, [first]);
  await started.next();
  await work(handler, { concurrency: 1, transport: slow });
  await transport.publish(QUEUE, [republished]);
  await snoozed.next();
  await eventually(async () => expect(await transport.depth(QUEUE)).toMatchObject({ delayed: 1 }));
  gate.resolve();
  expect(await ended(second)).toEqual({ outcome: 'done', generation: 1 });
});

test('a worker that dies between the commit and the acknowledgement leaves the waking to the next delivery', async () => {
  const [first, second] = await twoJobsOf('pi_crash');
  const { slow, snoozed } = snoozingFor(AN_HOUR_MS);
  const gate = Promise.withResolvers<void>();
  let crashes = 1;
  await work(
    async (event) => {
      if (event.version === 1n) await gate.promise;
      return DONE;
    },
    {
      transport: slow,
      onCommitted: () => {
        if (crashes-- > 0) throw new Error('the process is gone');
      },
    },
  );
  await transport.publish(QUEUE, [first, second]);
  await snoozed.next();
  await eventually(async () => expect(await transport.depth(QUEUE)).toMatchObject({ delayed: 1 }));
  gate.resolve();
  expect(await ended(second)).toMatchObject({ outcome: 'done' });
});

test('a job that waits for long is looked at ever less often, and is not tried meanwhile', async () => {
  const [first, second] = await twoJobsOf('pi_long');
  const { slow, snoozed } = snoozingFor(0);
  const gate = Promise.withResolvers<void>();
  await work(
    async (event) => {
      if (event.version === 1n) await gate.promise;
      return DONE;
    },
    { transport: slow },
  );
  await transport.publish(QUEUE, [first, second]);
  const delays = (await snoozed.take(9)).map(({ delayMs }) => delayMs);
  expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  gate.resolve();
  expect(await ended(second)).toMatchObject({ outcome: 'done' });
  expect(await rows('select attempt from hookledger.job_attempts where position = $1', [second.position])).toEqual([
    { attempt: 1 },
  ]);
});

test('a stream goes on after a dead job', async () => {
  const messages = await jobsOf('pi_dead', 3);
  const handled: bigint[] = [];
  await work(async (event) => {
    handled.push(event.version);
    if (event.version === 1n) throw new UnrecoverableJobError('no');
    return DONE;
  });
  await transport.publish(QUEUE, messages);
  for (const message of messages) await ended(message);
  expect(handled).toEqual([1n, 2n, 3n]);
});

test('a stream that holds waits after a dead job until it is redriven, which wakes it; other streams go on', async () => {
  const [first, second] = await twoJobsOf('pi_held');
  const [other] = await jobsOf('pi_free', 1);
  if (other === undefined) throw new Error('no job');
  const { slow, snoozed } = snoozingFor(AN_HOUR_MS);
  let isMended = false;
  await work(
    async (event) => {
      if (event.externalId === 'pi_held' && event.version === 1n && !isMended) throw new UnrecoverableJobError('no');
      return DONE;
    },
    { onDead: 'hold', transport: slow },
  );
  await transport.publish(QUEUE, [first]);
  expect(await ended(first)).toMatchObject({ outcome: 'dead' });
  await transport.publish(QUEUE, [second, other]);
  expect(await ended(other)).toMatchObject({ outcome: 'done' });
  await snoozed.next();
  await eventually(async () => expect(await transport.depth(QUEUE)).toEqual({ waiting: 0, active: 0, delayed: 1 }));
  expect(await rows('select 1 from hookledger.inbox where position = $1', [second.position])).toEqual([]);
  isMended = true;
  await transport.publish(QUEUE, [await again(first, 'JobRedriven')]);
  expect(await ended(second)).toMatchObject({ outcome: 'done' });
  expect(await rows('select attempt from hookledger.job_attempts where position = $1', [second.position])).toEqual([
    { attempt: 1 },
  ]);
});

test.each<[string, (message: Message) => Promise<unknown>]>([
  [
    'is purged',
    ({ eventId }) =>
      purgeDeadLetters(
        { pool: database.pool, clock: { now: () => new Date() }, newId: randomUUID },
        { filter: { eventId }, by: 'ada', reason: 'nobody wants it' },
      ),
  ],
  ['is kept no longer', ({ position }) => rows('delete from hookledger.dead_letters where position = $1', [position])],
])('a stream that holds goes on when the letter of the dead job %s', async (_, end) => {
  const [first, second] = await twoJobsOf(`pi_ended_${randomUUID()}`);
  const { slow, snoozed } = snoozingFor(0);
  await work(async (event) => (event.version === 1n ? { kind: 'dead', reason: 'no' } : DONE), {
    onDead: 'hold',
    transport: slow,
  });
  await transport.publish(QUEUE, [first, second]);
  expect(await ended(first)).toMatchObject({ outcome: 'dead' });
  await snoozed.take(2);
  await end(first);
  expect(await ended(second)).toMatchObject({ outcome: 'done' });
});
