import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readEventData } from '../../src/domain/events.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { repeatJobs } from '../../src/event-store/repeat-jobs.ts';
import type { JobId, RepetitionOrder } from '../../src/event-store/repeat-jobs.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import type { OutboxMessage } from '../../src/relay/read-outbox.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import { messageKey } from '../../src/transports/message-key.ts';
import { createJobStore } from '../../src/workers/job-store.ts';
import { UnrecoverableJobError } from '../../src/workers/retry-policy.ts';
import { runWorker } from '../../src/workers/run-worker.ts';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { newEvent } from '../support/new-event.ts';

const logger = createLogger({ level: 'silent' });
const QUEUE = 'ingress-events';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.adminPool.query(
    `insert into hookledger.tenants (id, name) values ('tnt_a', 'a'), ('tnt_b', 'b') on conflict do nothing`,
  );
});
afterAll(() => database.drop());

function repeat(jobs: readonly JobId[], order: Partial<RepetitionOrder> = {}) {
  return withTransaction(database.pool, { tenant: '*' }, (tx) =>
    repeatJobs(tx, { jobs, type: 'JobRedriven', by: 'ada', reason: 'fixed the template', ...order }),
  );
}

/** A job on ingress-events, generation 0, and its event. */
async function newJob(call: string, tenantId = 'tnt_a') {
  const event = newEvent({ call, tenantId });
  const [appended] = await withTransaction(database.pool, { tenant: '*' }, (tx) => appendEvents(tx, [event]));
  return { position: String(appended?.position), queue: QUEUE, replayId: 'live', eventId: event.eventId };
}

async function end(job: JobId, outcome: 'done' | 'dead', generation = 0): Promise<void> {
  await database.adminPool.query(
    `insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
     values ($1, $2, $3, 'tnt_a', $4, $5)
     on conflict (position, queue, replay_id) do update set outcome = excluded.outcome, generation = excluded.generation`,
    [job.position, job.queue, job.replayId, generation, outcome],
  );
}

async function rowsOf(job: JobId) {
  const { rows } = await database.adminPool.query<{ generation: number; position: string; tenant_id: string }>(
    `select generation, position, tenant_id from hookledger.outbox
     where target_position = $1 and queue = $2 order by generation, position`,
    [job.position, job.queue],
  );
  return rows;
}

describe('repeating a job', () => {
  test('writes an event that says who and why, and a row with the next generation in the job’s lane', async () => {
    const job = await newJob('call_who');
    await end(job, 'dead');
    expect(await repeat([job])).toEqual([{ position: job.position, queue: QUEUE, replayId: 'live', generation: 1 }]);
    const [first, second, ...others] = await rowsOf(job);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ generation: 0, position: job.position });
    expect(second).toMatchObject({ generation: 1, tenant_id: 'tnt_a' });

    const { rows } = await database.adminPool.query<{ data: unknown; tenant_id: string; position: string }>(
      `select data, tenant_id, position from hookledger.events
       where type = 'JobRedriven' and stream_key = 'repetition///live/tnt_a' order by position desc limit 1`,
    );
    expect(rows[0]?.tenant_id).toBe('tnt_a');
    expect(BigInt(second?.position ?? 0)).toBeGreaterThan(BigInt(rows[0]?.position ?? 0));
    expect(readEventData('JobRedriven', 1, rows[0]?.data)).toEqual({
      by: 'ada',
      reason: 'fixed the template',
      jobs: [{ position: job.position, queue: QUEUE, replayId: 'live', generation: 1 }],
    });
  });

  test('goes past every generation that is known: of an earlier repetition, of the inbox, of a dead letter', async () => {
    const job = await newJob('call_generations');
    expect(await repeat([job])).toMatchObject([{ generation: 1 }]);
    expect(await repeat([job])).toMatchObject([{ generation: 2 }]);
    await end(job, 'dead', 5);
    expect(await repeat([job])).toMatchObject([{ generation: 6 }]);
    await database.adminPool.query(
      `insert into hookledger.dead_letters
         (position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts)
       values ($1, $2, 'live', 9, 'tnt_a', $3, 'CallStarted', 'unrecoverable', 'test', 1)`,
      [job.position, QUEUE, job.eventId],
    );
    expect(await repeat([job])).toMatchObject([{ generation: 10 }]);
  });

  test('of a rerun stays in that rerun and touches no other', async () => {
    const job = await newJob('call_rerun');
    await repeat([job]);
    expect(await repeat([{ ...job, replayId: 'rerun_1' }])).toEqual([
      { position: job.position, queue: QUEUE, replayId: 'rerun_1', generation: 1 },
    ]);
  });

  test('leaves out what is done, and writes nothing when everything is', async () => {
    const [done, open] = [await newJob('call_done'), await newJob('call_open')];
    await end(done, 'done');
    const count = async () => {
      const { rows } = await database.adminPool.query<{ events: string }>(
        'select count(*) as events from hookledger.events',
      );
      return rows[0]?.events;
    };
    const before = await count();
    expect(await repeat([done])).toEqual([]);
    expect(await count()).toBe(before);
    expect(await repeat([done, open, open])).toMatchObject([{ position: open.position, generation: 1 }]);
  });

  test('of two tenants writes an event in each one’s own stream', async () => {
    const jobs = [await newJob('call_a', 'tnt_a'), await newJob('call_b', 'tnt_b')];
    expect(await repeat(jobs, { type: 'JobRepublished', by: 'reconcile', reason: 'both lost' })).toHaveLength(2);
    const { rows } = await database.adminPool.query(
      `select tenant_id, jsonb_array_length(data -> 'jobs') as jobs from hookledger.events
       where type = 'JobRepublished' and data ->> 'reason' = 'both lost' order by tenant_id`,
    );
    expect(rows).toEqual([
      { tenant_id: 'tnt_a', jobs: 1 },
      { tenant_id: 'tnt_b', jobs: 1 },
    ]);
  });

  test('at the same time by many gives each another generation', async () => {
    const job = await newJob('call_many', 'unassigned');
    const answers = await Promise.all(Array.from({ length: 8 }, () => repeat([job])));
    expect(
      answers
        .flat()
        .map(({ generation }) => generation)
        .toSorted(),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await rowsOf(job)).map(({ generation }) => generation)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('that has no event is refused, and one tenant’s scope is, too', async () => {
    const job = await newJob('call_refused');
    await expect(repeat([job, { ...job, position: '999999' }])).rejects.toMatchObject({ code: 'HL003' });
    await expect(
      withTransaction(database.pool, { tenant: 'tnt_a' }, (tx) =>
        repeatJobs(tx, { jobs: [job], type: 'JobRedriven', by: 'ada', reason: 'mine' }),
      ),
    ).rejects.toMatchObject({ code: '42501' });
    expect(await rowsOf(job)).toHaveLength(1);
  });
});

describe('a repetition', () => {
  let transport: ReturnType<typeof createMemoryTransport>;
  beforeEach(() => {
    transport = createMemoryTransport({ logger });
  });
  afterEach(() => transport.close());

  test('is published like any other row, under the target’s position, and the lane’s cursor covers it', async () => {
    const tracker = createHighWaterMarkTracker({ pool: database.pool, logger, owner: 'test' });
    const published: OutboxMessage[] = [];
    const relay = createOutboxRelay({
      pool: database.pool,
      transport,
      queues: QUEUES,
      logger,
      owner: 'test',
      onPublished: (messages) => void published.push(...messages),
    });
    const job = await newJob('call_published', 'tnt_b');
    await tracker.tick();
    while ((await relay.tick()) > 0);
    published.length = 0;

    await repeat([job]);
    expect(await relay.tick()).toBe(0);
    await tracker.tick();
    expect(await relay.tick()).toBe(1);
    const [, row] = await rowsOf(job);
    expect(published).toMatchObject([
      {
        position: BigInt(row?.position ?? 0),
        message: {
          key: `${job.eventId}.${QUEUE}.live.1`,
          position: job.position,
          tenantId: 'tnt_b',
          eventId: job.eventId,
          eventType: 'CallStarted',
          generation: 1,
        },
      },
    ]);
    const { rows } = await database.adminPool.query(
      'select published_position as position from hookledger.lanes where tenant_id = $1 and queue = $2',
      ['tnt_b', QUEUE],
    );
    expect(rows).toEqual([{ position: row?.position }]);
    await relay.close();
    await tracker.close();
  });

  test('of a dead job is handled and done; what comes late under a lower generation changes nothing', async () => {
    const job = await newJob('call_redriven', 'tnt_b');
    let isBroken = true;
    const consumer = await runWorker({
      pool: database.pool,
      store: createJobStore({ pool: database.pool }),
      transport,
      queue: QUEUE,
      handler: async () => {
        if (isBroken) throw new UnrecoverableJobError('the template is broken');
        return { kind: 'done' };
      },
      concurrency: 1,
      logger,
      now: () => new Date(),
      random: Math.random,
      newId: randomUUID,
      onAppended: () => undefined,
    });
    const publish = (generation: number) =>
      transport.publish(QUEUE, [
        { ...job, key: messageKey({ ...job, generation }), tenantId: 'tnt_b', eventType: 'CallStarted', generation },
      ]);
    const outcome = async () => {
      const { rows } = await database.adminPool.query(
        'select outcome, generation from hookledger.inbox where position = $1',
        [job.position],
      );
      return rows;
    };
    await publish(0);
    await eventually(async () => expect(await outcome()).toEqual([{ outcome: 'dead', generation: 0 }]));
    await repeat([job]);
    await publish(1);
    await eventually(async () => expect(await outcome()).toEqual([{ outcome: 'dead', generation: 1 }]));

    isBroken = false;
    expect(await repeat([job])).toMatchObject([{ generation: 2 }]);
    expect(await repeat([job])).toMatchObject([{ generation: 3 }]);
    await publish(3);
    await eventually(async () => expect(await outcome()).toEqual([{ outcome: 'done', generation: 3 }]));
    await publish(2);
    await eventually(async () => expect(await transport.depth(QUEUE)).toEqual({ waiting: 0, active: 0, delayed: 0 }));
    expect(await outcome()).toEqual([{ outcome: 'done', generation: 3 }]);
    expect(await repeat([job])).toEqual([]);
    await consumer.close(1_000);
  });
});
