import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DomainEvent } from '../../src/domain/events.ts';
import type { Queue } from '../../src/domain/queues.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import { messageKey } from '../../src/transports/message-key.ts';
import type { Consumer, Message, Transport } from '../../src/transports/transport.ts';
import { createAnalyticsHandler } from '../../src/workers/handle-analytics.ts';
import { handleIngress } from '../../src/workers/handle-ingress.ts';
import { handleNotification } from '../../src/workers/handle-notification.ts';
import type { Handler } from '../../src/workers/handler.ts';
import { takeJobs } from '../../src/workers/take-jobs.ts';
import { createJobStore } from '../../src/workers/job-store.ts';
import { UnrecoverableJobError } from '../../src/workers/retry-policy.ts';
import type { WorkerDeps } from '../../src/workers/run-worker.ts';
import { runWorker } from '../../src/workers/run-worker.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { webhookRecord } from '../support/webhook-record.ts';

let database: TestDatabase;
let transport: Transport;
const consumers: Consumer[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  transport = createMemoryTransport({ logger: createLogger({ level: 'silent' }) });
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close(1_000)));
  await transport.close();
});

async function work(queue: Queue, handler: Handler, options: Partial<WorkerDeps> = {}): Promise<void> {
  consumers.push(
    await runWorker({
      pool: database.pool,
      store: createJobStore({ pool: database.pool }),
      transport,
      queue,
      handler,
      concurrency: 2,
      logger: createLogger({ level: 'silent' }),
      now: () => new Date(),
      random: () => 0,
      newId: randomUUID,
      onAppended: () => undefined,
      ...options,
    }),
  );
}

async function rows(sql: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
  return (await database.adminPool.query<Record<string, unknown>>(sql, [...values])).rows;
}

/** Records one event and answers the message that asks a queue to handle it. */
async function jobFor(queue: Queue, event: DomainEvent, generation = 0): Promise<Message> {
  const webhook = webhookRecord({ key: randomUUID(), events: [event] });
  await recordWebhooks(database.pool, [webhook]);
  const eventId = webhook.events[0]?.eventId ?? '';
  const [row] = await rows('select position from hookledger.events where event_id = $1', [eventId]);
  const job = { eventId, queue, replayId: 'live', generation };
  return {
    ...job,
    key: messageKey(job),
    tenantId: 'unassigned',
    eventType: event.type,
    position: String(row?.['position']),
  };
}

function failedPayment(externalId: string): DomainEvent {
  return {
    type: 'PaymentFailed',
    stream: { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'test', externalId },
    occurredAt: '2026-11-02T09:00:00.000Z',
    data: { amount: '10', currency: 'USD' },
  };
}

const ended = (message: Message) =>
  eventually(async () => {
    const [row] = await rows('select outcome, generation from hookledger.inbox where position = $1', [
      message.position,
    ]);
    expect(row).toBeDefined();
    return row;
  });

describe('the worker', () => {
  test('writes inbox row, attempt and further event of a job together, with cause and correlation', async () => {
    const message = await jobFor('ingress-events', failedPayment('pi_whole'));
    await work('ingress-events', handleIngress);
    await transport.publish('ingress-events', [message]);
    expect(await ended(message)).toEqual({ outcome: 'done', generation: 0 });
    expect(
      await rows(
        `select n.type, n.causation_id = c.event_id as caused, n.correlation_id = c.correlation_id as correlated,
           a.outcome, a.attempt
         from hookledger.events c
         join hookledger.events n on n.causation_id = c.event_id
         join hookledger.job_attempts a on a.position = c.position
         where c.position = $1`,
        [message.position],
      ),
    ).toEqual([{ type: 'NotificationRequested', caused: true, correlated: true, outcome: 'done', attempt: 1 }]);
  });

  test('a job that comes again under a higher generation changes nothing once it is done', async () => {
    const message = await jobFor('ingress-events', failedPayment('pi_again'));
    await work('ingress-events', handleIngress);
    await transport.publish('ingress-events', [message]);
    await ended(message);
    const repeated = { ...message, generation: 1, key: messageKey({ ...message, generation: 1 }) };
    await transport.publish('ingress-events', [repeated]);
    await eventually(async () =>
      expect(await transport.depth('ingress-events')).toMatchObject({ waiting: 0, active: 0 }),
    );
    expect(await rows('select count(*) from hookledger.events where causation_id = $1', [message.eventId])).toEqual([
      { count: '1' },
    ]);
  });

  test('a failing job is tried again, and every try is on record', async () => {
    const message = await jobFor('ingress-events', failedPayment('pi_flaky'));
    let tries = 0;
    await work('ingress-events', (event, job) => {
      tries += 1;
      if (tries === 1) throw new Error('the first try fails');
      return handleIngress(event, job);
    });
    await transport.publish('ingress-events', [message]);
    await ended(message);
    expect(
      await rows('select attempt, outcome, detail from hookledger.job_attempts where position = $1 order by attempt', [
        message.position,
      ]),
    ).toEqual([
      { attempt: 1, outcome: 'retry', detail: 'Error: the first try fails' },
      { attempt: 2, outcome: 'done', detail: null },
    ]);
  });

  test('a job that fails for good ends as a dead letter with its cause; a higher generation may still be done', async () => {
    const message = await jobFor('ingress-events', failedPayment('pi_dead'));
    let isMended = false;
    await work('ingress-events', (event, job) => {
      if (!isMended) throw new UnrecoverableJobError('this can not work');
      return handleIngress(event, job);
    });
    await transport.publish('ingress-events', [message]);
    expect(await ended(message)).toEqual({ outcome: 'dead', generation: 0 });
    expect(
      await rows('select cause, detail, attempts from hookledger.dead_letters where position = $1', [message.position]),
    ).toEqual([{ cause: 'unrecoverable', detail: 'UnrecoverableJobError: this can not work', attempts: 1 }]);
    isMended = true;
    const redriven = { ...message, generation: 1, key: messageKey({ ...message, generation: 1 }) };
    await transport.publish('ingress-events', [redriven]);
    await eventually(async () => expect(await ended(message)).toEqual({ outcome: 'done', generation: 1 }));
  });

  test('two reports of one failed payment ask for one notification', async () => {
    const request = (): DomainEvent => ({
      type: 'NotificationRequested',
      stream: { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'test', externalId: 'pi_notified' },
      occurredAt: '2026-11-02T09:00:00.000Z',
      data: {
        task: 'payment-failed',
        causeEventId: randomUUID(),
        causeType: 'PaymentFailed',
        effectKey: 'pi_notified#failure/ch_1',
        details: { subject: 'pi_notified', amount: '10', currency: 'USD' },
      },
    });
    const messages = [await jobFor('notifications', request()), await jobFor('notifications', request())];
    await work('notifications', handleNotification);
    await transport.publish('notifications', messages);
    for (const message of messages) expect(await ended(message)).toMatchObject({ outcome: 'done' });
    expect(
      await rows(`select kind, subject, data from hookledger.notifications where dedupe_key like 'pi_notified%'`),
    ).toEqual([
      {
        kind: 'payment-failed',
        subject: 'pi_notified',
        data: { subject: 'pi_notified', amount: '10', currency: 'USD' },
      },
    ]);
  });

  test('a doorbell waits for the read models without counting tries, and one look rings for all', async () => {
    const message = await jobFor('analytics-events', failedPayment('pi_bell'));
    let position = 0n;
    let wakes = 0;
    await work(
      'analytics-events',
      createAnalyticsHandler({
        position: () => Promise.resolve(position),
        wakeProjector: () => (wakes += 1),
        wakeJobs: () => undefined,
      }),
    );
    await transport.publish('analytics-events', [message]);
    await eventually(() => Promise.resolve(expect(wakes).toBeGreaterThan(0)));
    position = BigInt(message.position);
    await ended(message);
    expect(
      await rows('select attempt, outcome from hookledger.job_attempts where position = $1', [message.position]),
    ).toEqual([{ attempt: 1, outcome: 'done' }]);
  });

  test('a job whose data PostgreSQL refuses dies alone; those that ended with it are done, and no handler ran twice', async () => {
    const messages: Message[] = [];
    for (let index = 0; index < 12; index += 1) {
      messages.push(await jobFor('ingress-events', failedPayment(`pi_batch_${index}`)));
    }
    const poisoned = messages[5]?.eventId;
    const handled: string[] = [];
    const gate = Promise.withResolvers<void>();
    await work(
      'ingress-events',
      async (event) => {
        handled.push(event.eventId);
        if (handled.length === messages.length) gate.resolve();
        // All of them end at once, so that they share a transaction.
        await gate.promise;
        const text = event.eventId === poisoned ? '\u0000' : 'fine';
        const effect = { kind: 'notification', notification: 'batch', subject: 's', dedupeKey: event.eventId } as const;
        return { kind: 'done', effects: [{ ...effect, data: { text } }] };
      },
      { concurrency: messages.length },
    );
    await transport.publish('ingress-events', messages);
    for (const message of messages) {
      expect(await ended(message)).toMatchObject({ outcome: message.eventId === poisoned ? 'dead' : 'done' });
    }
    expect(handled).toHaveLength(messages.length);
    expect(await rows(`select count(*) from hookledger.notifications where kind = 'batch'`)).toEqual([{ count: '11' }]);
    expect(await rows('select cause, attempts from hookledger.dead_letters where event_id = $1', [poisoned])).toEqual([
      { cause: 'unrecoverable', attempts: 1 },
    ]);
  });

  test('a job that is delivered twice at once leaves its effects once', async () => {
    const message = await jobFor('ingress-events', failedPayment('pi_twice'));
    const store = createJobStore({ pool: database.pool });
    const [taken] = await takeJobs(database.pool, [{ message, order: undefined }]);
    if (taken?.state !== 'ready') throw new Error('the job is not ready');
    const { event } = taken;
    const attempt = { attempt: 1, outcome: 'done' as const, transport: 'memory', startedAt: new Date(), durationMs: 1 };
    const effects = [
      { kind: 'notification' as const, notification: 'twice', subject: 's', dedupeKey: 'twice', data: {} },
    ];
    const finished = { message, event, attempt, effects, events: [] };
    const answers = await Promise.all([store.finish(finished), store.finish(finished), store.finish(finished)]);
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await rows('select outcome from hookledger.job_attempts where position = $1', [message.position])).toEqual([
      { outcome: 'done' },
    ]);
  });

  test('a try that a handler answers with what the other side asked for waits at least as long', async () => {
    const message = await jobFor('ingress-events', failedPayment('pi_later'));
    const delays: number[] = [];
    const watched: Transport = {
      ...transport,
      consume: (queue, options) =>
        transport.consume(queue, {
          ...options,
          handle: async (delivery) => {
            const disposition = await options.handle(delivery);
            if (disposition.kind === 'retry') delays.push(disposition.delayMs);
            return disposition.kind === 'retry' ? { ...disposition, delayMs: 0 } : disposition;
          },
        }),
    };
    let tries = 0;
    const flaky: Handler = () => {
      tries += 1;
      return Promise.resolve(tries < 3 ? { kind: 'retry', reason: 'busy', retryAfterMs: 30_000 } : { kind: 'done' });
    };
    await work('ingress-events', flaky, { transport: watched, retries: { PaymentFailed: { attempts: 3 } } });
    await transport.publish('ingress-events', [message]);
    expect(await ended(message)).toMatchObject({ outcome: 'done' });
    expect(delays).toEqual([30_000, 30_000]);
  });

  test('a handler may end a job as dead by its answer', async () => {
    const message = await jobFor('ingress-events', failedPayment('pi_refused'));
    await work('ingress-events', () => Promise.resolve({ kind: 'dead', reason: 'the account is closed' }));
    await transport.publish('ingress-events', [message]);
    expect(await ended(message)).toMatchObject({ outcome: 'dead' });
    expect(
      await rows('select cause, detail from hookledger.dead_letters where position = $1', [message.position]),
    ).toEqual([{ cause: 'unrecoverable', detail: 'the account is closed' }]);
  });

  test('a notification of the day before yesterday is not sent, unless it is redriven: then it is told that it is late', async () => {
    const message = await jobFor('notifications', notificationOf('late'));
    const late: boolean[] = [];
    const handler: Handler = (_event, { isLate }) => {
      late.push(isLate);
      return Promise.resolve({ kind: 'done' });
    };
    await recordedAgo(message, '2 days');
    // Whatever this process takes for the time.
    await work('notifications', handler, { now: () => new Date(0) });
    await transport.publish('notifications', [message]);
    expect(await ended(message)).toMatchObject({ outcome: 'dead', generation: 0 });
    expect(await rows('select cause from hookledger.dead_letters where position = $1', [message.position])).toEqual([
      { cause: 'expired' },
    ]);
    expect(late).toEqual([]);
    await transport.publish('notifications', [again(message)]);
    await eventually(async () => expect(await ended(message)).toMatchObject({ outcome: 'done', generation: 1 }));
    expect(late).toEqual([true]);
  });
});

test('a notification of today is sent by a worker whose clock is two days ahead', async () => {
  const message = await jobFor('notifications', notificationOf('in time'));
  const inTwoDays = () => new Date(Date.now() + 48 * 60 * 60 * 1_000);
  await work('notifications', () => Promise.resolve({ kind: 'done' }), { now: inTwoDays });
  await transport.publish('notifications', [message]);
  expect(await ended(message)).toMatchObject({ outcome: 'done' });
});

/** As if its event had been recorded so long ago. */
async function recordedAgo(message: Message, interval: string): Promise<void> {
  await rows('alter table hookledger.events disable trigger all');
  await rows(`update hookledger.events set recorded_at = recorded_at - $2::interval where position = $1`, [
    message.position,
    interval,
  ]);
  await rows('alter table hookledger.events enable trigger all');
}

function again(message: Message): Message {
  const generation = message.generation + 1;
  return { ...message, generation, key: messageKey({ ...message, generation }) };
}

function notificationOf(subject: string): DomainEvent {
  return {
    type: 'NotificationRequested',
    stream: { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'test', externalId: subject },
    occurredAt: '2026-11-02T09:00:00.000Z',
    data: { task: 't', causeEventId: randomUUID(), causeType: 'PaymentFailed', effectKey: subject, details: {} },
  };
}
