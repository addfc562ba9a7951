import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool, withTransaction } from '../../src/platform/postgres.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import { newEvent } from '../support/new-event.ts';
import type { Bench } from './bench.ts';

const TENANTS = 100;

/** The outbox of a hundred tenants and five queues to BullMQ on Redis, cursors moved; against adding the same jobs. */
export const relayBench: Bench = {
  name: 'relay',
  summary: 'outbox rows published a second',
  async prepare({ quick, servers }) {
    const rows = quick ? 5_000 : 30_000;
    const logger = createLogger({ level: 'warn' });
    const { adminUrl, appUrl } = await servers.newDatabase();
    const options = {
      applicationName: 'bench',
      max: 4,
      statementTimeoutMs: 60_000,
      idleInTransactionTimeoutMs: 10_000,
      logger,
    };
    const pool = createPool({ ...options, url: appUrl });
    const admin = createPool({ ...options, url: adminUrl });
    await admin.query(
      `insert into hookledger.tenants (id, name) select 'tnt_' || n, 'Tenant ' || n from generate_series(1, $1::integer) n`,
      [TENANTS],
    );
    const tracker = createHighWaterMarkTracker({ pool, logger, owner: 'bench' });
    const transport = createBullmqTransport({
      backend: { kind: 'redis', url: servers.redisUrl },
      prefix: 'ours',
      logger,
    });
    const relay = createOutboxRelay({
      pool,
      transport,
      queues: QUEUES,
      logger,
      owner: 'bench',
      batchSize: 500,
      maxQueueDepth: 1_000_000,
    });
    const redis = new Redis(servers.redisUrl);
    const raw = new Map(
      QUEUES.map((queue) => [queue, new Queue(queue, { prefix: 'raw', connection: { url: servers.redisUrl } })]),
    );
    let walBytes = 0;

    async function fill(): Promise<void> {
      for (let left = rows; left > 0; left -= 1_000) {
        await withTransaction(pool, { tenant: '*' }, (tx) =>
          appendEvents(
            tx,
            Array.from({ length: 1_000 }, (_, index) =>
              newEvent({ tenantId: `tnt_${(index % TENANTS) + 1}`, event: eventFor(index) }),
            ),
          ),
        );
      }
      await tracker.tick();
    }
    const walPosition = async (): Promise<bigint> => {
      const { rows: found } = await admin.query<{ at: string }>(
        `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as at`,
      );
      return BigInt(found[0]?.at ?? '0');
    };
    return {
      unit: 'rows/s',
      ours: {
        name: 'hookledger',
        async run() {
          await fill();
          const walBefore = await walPosition();
          const startedAt = performance.now();
          let published = 0;
          while (published < rows) published += await relay.tick();
          const seconds = (performance.now() - startedAt) / 1_000;
          walBytes = Number((await walPosition()) - walBefore) / rows;
          await redis.flushall();
          return rows / seconds;
        },
      },
      others: [
        {
          name: 'raw addBulk of the same jobs',
          async run() {
            const jobs = Map.groupBy(
              Array.from({ length: rows }, (_, index) => index),
              (index) => QUEUES[index % QUEUES.length] ?? 'notifications',
            );
            const startedAt = performance.now();
            await Promise.all(
              [...jobs].map(async ([name, indexes]) => {
                for (let at = 0; at < indexes.length; at += 500)
                  await raw.get(name)?.addBulk(indexes.slice(at, at + 500).map((index) => rawJob(name, index)));
              }),
            );
            const seconds = (performance.now() - startedAt) / 1_000;
            await redis.flushall();
            return rows / seconds;
          },
        },
      ],
      goals: [{ against: 'raw addBulk of the same jobs', atLeast: 0.9 }],
      settings: {
        work: `${rows} rows a round, ${TENANTS} tenants, ${QUEUES.length} queues, no workers`,
        durability: 'PostgreSQL fsync and synchronous_commit on; Redis AOF everysec',
      },
      remarks: () => [
        `WAL while relaying: ${walBytes.toFixed(1)} bytes a row; no row of the outbox is updated or deleted`,
      ],
      async close() {
        await relay.close();
        await tracker.close();
        await transport.close();
        for (const queue of raw.values()) await queue.close();
        redis.disconnect();
        await pool.end();
        await admin.end();
      },
    };
  },
};

/** One event for each of the five queues in turn. */
function eventFor(index: number): DomainEvent {
  const stream = {
    kind: 'call' as const,
    provider: 'retell',
    account: 'org_1',
    mode: 'test' as const,
    externalId: `call_${index}`,
  };
  const request = { task: 'bench', causeEventId: 'cause', causeType: 'CallEnded', effectKey: 'key', details: {} };
  const occurredAt = '2026-11-02T09:00:00.000Z';
  switch (index % QUEUES.length) {
    case 0:
      return { type: 'CallStarted', stream, occurredAt, data: {} };
    case 1:
      return { type: 'FlowRequested', stream, occurredAt, data: request };
    case 2:
      return { type: 'IntegrationRequested', stream, occurredAt, data: request };
    case 3:
      return { type: 'NotificationRequested', stream, occurredAt, data: request };
    default:
      return {
        type: 'PricePlanDefined',
        stream: { kind: 'price-plan', mode: 'live', externalId: `plan_${index}` },
        occurredAt,
        data: { planId: 'p', name: 'p', currency: 'USD', components: [{ kind: 'flat', amount: '1' }] },
      };
  }
}

function rawJob(queue: string, index: number) {
  const eventId = randomUUID();
  const key = `${eventId}.${queue}.live.0`;
  const data = {
    key,
    queue,
    tenantId: `tnt_${index % TENANTS}`,
    eventId,
    eventType: 'CallStarted',
    position: String(index),
    replayId: 'live',
    generation: 0,
  };
  return {
    name: 'CallStarted',
    data,
    opts: { jobId: key, attempts: 1_000_000, removeOnComplete: { age: 86_400, count: 50_000 } },
  };
}
