import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DomainEvent } from '../../src/domain/events.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import type { BullmqTransportOptions } from '../../src/transports/bullmq.ts';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { handleIngress } from '../../src/workers/handle-ingress.ts';
import { createJobStore } from '../../src/workers/job-store.ts';
import { runWorker } from '../../src/workers/run-worker.ts';
import type { CrashPlan } from '../support/crash-point.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { describeWithRedis } from '../support/redis.ts';
import { webhookRecord } from '../support/webhook-record.ts';
import { eventually } from '../support/eventually.ts';

const logger = createLogger({ level: 'silent' });
const FAILED_PAYMENTS = 20;
const pace = { lockDurationMs: 2_000, stalledIntervalMs: 500 };

type Backend = BullmqTransportOptions['backend'];

describe('on BullMQ in PostgreSQL', () => {
  crashTests(async (database) => {
    await prepareBullmqPostgres(database.adminUrl, { grantTo: 'hookledger_app', queues: QUEUES });
    return { kind: 'postgres', url: database.appUrl };
  });
});

describeWithRedis('on BullMQ in Redis', (url) => {
  crashTests(() => Promise.resolve({ kind: 'redis', url }));
});

function crashTests(prepare: (database: TestDatabase) => Promise<Backend>): void {
  let database: TestDatabase;
  let settings: CrashPlan['transport'];

  beforeAll(async () => {
    database = await createTestDatabase();
    settings = { backend: await prepare(database), prefix: `crash-${randomUUID()}`, ...pace };
    const payments = Array.from({ length: FAILED_PAYMENTS }, (_, index) =>
      webhookRecord({ key: `evt_${index}`, events: [failedPayment(`pi_${index}`)] }),
    );
    await recordWebhooks(database.pool, payments);
    const tracker = createHighWaterMarkTracker({ pool: database.pool, logger, owner: 'test' });
    await tracker.tick();
    await tracker.close();
  });
  afterAll(() => database.drop());

  const count = async (sql: string): Promise<number> => {
    const { rows } = await database.adminPool.query<{ count: string }>(sql);
    return Number(rows[0]?.count);
  };

  test('relay killed between publishing and moving its cursor, worker killed between handling and acknowledging: nothing lost, nothing doubled', async () => {
    await crash({ role: 'relay', databaseUrl: database.appUrl, transport: settings, afterJobs: 0 });
    expect(await count(`select count(*) from hookledger.lanes where published_position > 0`)).toBe(0);

    const transport = createBullmqTransport({ ...settings, logger });
    expect((await transport.depth('ingress-events')).waiting).toBe(FAILED_PAYMENTS);
    const relay = createOutboxRelay({ pool: database.pool, transport, queues: QUEUES, logger, owner: 'next relay' });
    // Until the dead one's lease has run out, the next relay publishes nothing.
    await eventually(async () => {
      await relay.tick();
      expect(await count(`select count(*) from hookledger.lanes where published_position > 0`)).toBe(2);
    });
    expect((await transport.depth('ingress-events')).waiting).toBe(FAILED_PAYMENTS);

    await crash({ role: 'worker', databaseUrl: database.appUrl, transport: settings, afterJobs: 5 });
    const doneBefore = await count(`select count(*) from hookledger.inbox where queue = 'ingress-events'`);
    expect(doneBefore).toBe(5);

    const consumer = await runWorker({
      pool: database.pool,
      store: createJobStore({ pool: database.pool }),
      transport,
      queue: 'ingress-events',
      handler: handleIngress,
      concurrency: 4,
      logger,
      now: () => new Date(),
      random: Math.random,
      newId: randomUUID,
      onAppended: () => undefined,
    });
    await eventually(async () => {
      expect(await transport.depth('ingress-events')).toEqual({ waiting: 0, active: 0, delayed: 0 });
      expect(await count(`select count(*) from hookledger.inbox where queue = 'ingress-events'`)).toBe(FAILED_PAYMENTS);
    });
    await consumer.close(5_000);

    expect(await count(`select count(*) from hookledger.inbox where outcome <> 'done'`)).toBe(0);
    expect(await count(`select count(*) from hookledger.events where type = 'NotificationRequested'`)).toBe(
      FAILED_PAYMENTS,
    );
    expect(
      await count(`select count(distinct causation_id) from hookledger.events where type = 'NotificationRequested'`),
    ).toBe(FAILED_PAYMENTS);
    expect(await count('select count(*) from hookledger.dead_letters')).toBe(0);
    await relay.close();
    await transport.close();
  });
}

function failedPayment(externalId: string): DomainEvent {
  return {
    type: 'PaymentFailed',
    stream: { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'test', externalId },
    occurredAt: '2026-11-02T09:00:00.000Z',
    data: { amount: '10', currency: 'USD' },
  };
}

async function crash(plan: CrashPlan): Promise<void> {
  const script = fileURLToPath(new URL('../support/crash-point.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(plan)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
}
