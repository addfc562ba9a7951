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
import { UnrecoverableJobError } from '../../src/workers/retry-policy.ts';
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

async function work(queue: Queue, handler: Handler): Promise<void> {
  consumers.push(
    await runWorker({
      pool: database.pool,
      transport,
      queue,
      handler,
      concurrency: 2,
      logger: createLogger({ level: 'silent' }),
      now: () => new Date(),
      random: () => 0,
      newId: randomUUID,
      onAppended: () => undefined,
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
    await work('ingress-events', (event, signal) => {
      tries += 1;
      if (tries === 1) throw new Error('the first try fails');
      return handleIngress(event, signal);
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
    await work('ingress-events', (event, signal) => {
      if (!isMended) throw new UnrecoverableJobError('this can not work');
      return handleIngress(event, signal);
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
      createAnalyticsHandler({ position: () => Promise.resolve(position), wake: () => (wakes += 1) }),
    );
    await transport.publish('analytics-events', [message]);
    await eventually(() => Promise.resolve(expect(wakes).toBeGreaterThan(0)));
    position = BigInt(message.position);
    await ended(message);
    expect(
      await rows('select attempt, outcome from hookledger.job_attempts where position = $1', [message.position]),
    ).toEqual([{ attempt: 1, outcome: 'done' }]);
  });
});
