import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { createPool, withTransaction } from '../../src/platform/postgres.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import type { Message, Transport } from '../../src/transports/transport.ts';
import { newEvent } from '../support/new-event.ts';
import type { Bench, Contestant } from './bench.ts';
import { eventFor, jobFor, messageFor } from './outbox-rows.ts';
import { median } from './quantile.ts';
import type { RecordPlan } from './record-client.ts';
import { startScript, stopScript } from '../support/run-script.ts';
import { countRowsAfter, describeTables, readLastPosition, readWalBytes } from './store-figures.ts';
import { createTransactionalOutbox } from './transactional-outbox.ts';

const TENANT_IDS = Array.from({ length: 100 }, (_, index) => `tnt_${index + 1}`);
const INGEST_ROWS_PER_SECOND = 2_000;
const RAW = 'raw addBulk of the same jobs';

/**
 * The outbox of a hundred tenants and five queues to BullMQ on Redis, cursors moved; alone, and while another process
 * records webhooks, whose rows join the same lanes. Against adding the same jobs, and against a relay that marks rows.
 */
export const relayBench: Bench = {
  name: 'relay',
  summary: 'outbox rows published a second',
  async prepare({ quick, servers }) {
    const rows = quick ? 5_000 : 30_000;
    const peerMs = quick ? 3_000 : 10_000;
    const logger = createLogger({ level: 'warn' });
    const { adminUrl, appUrl } = await servers.newDatabase();
    const openPool = (url: string): Pool =>
      createPool({
        url,
        applicationName: 'bench',
        max: 4,
        statementTimeoutMs: 60_000,
        idleInTransactionTimeoutMs: 10_000,
        logger,
      });
    const pool = openPool(appUrl);
    const admin = openPool(adminUrl);
    await admin.query(
      `insert into hookledger.tenants (id, name) select id, 'Tenant ' || id from unnest($1::text[]) id`,
      [TENANT_IDS],
    );
    const tracker = createHighWaterMarkTracker({ pool, logger, owner: 'bench' });
    const backend = { kind: 'redis' as const, url: servers.redisUrl };
    const transport = createBullmqTransport({ backend, prefix: 'ours', logger });
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
    const raw = new Map<string, Queue>(
      QUEUES.map((queue) => [queue, new Queue(queue, { prefix: 'raw', connection: { url: servers.redisUrl } })]),
    );
    const peerUrl = (await servers.newDatabase()).adminUrl;
    const peerAdmin = openPool(peerUrl);
    const peer = await createTransactionalOutbox(peerUrl, peerAdmin);
    const walPerRow = { appended: [] as number[], relayed: [] as number[] };
    const ingested: number[] = [];
    let repeated = 0;

    async function fill(): Promise<void> {
      const before = await readWalBytes(admin);
      for (let left = rows; left > 0; left -= 1_000) {
        await withTransaction(pool, { tenant: '*' }, (tx) =>
          appendEvents(
            tx,
            Array.from({ length: 1_000 }, (_, index) =>
              newEvent({ tenantId: tenantOf(index), event: eventFor(index) }),
            ),
          ),
        );
      }
      await tracker.tick();
      walPerRow.appended.push(((await readWalBytes(admin)) - before) / rows);
    }

    /** Answers rows a second, each counted once, however often it was published: the queues tell. */
    async function drain(): Promise<number> {
      const startedAt = performance.now();
      let published = 0;
      let arrived = 0;
      while (arrived < rows) {
        published += await relay.tick();
        if (published >= rows) arrived = await countJobs(transport);
      }
      repeated += published - arrived;
      return arrived / secondsSince(startedAt);
    }

    async function relayAlone(): Promise<number> {
      await fill();
      const before = await readWalBytes(admin);
      const rate = await drain();
      walPerRow.relayed.push(((await readWalBytes(admin)) - before) / rows);
      return rate;
    }

    async function relayDuringIngest(): Promise<number> {
      await fill();
      const plan: RecordPlan = { appUrl, tenantIds: TENANT_IDS, outboxRowsPerSecond: INGEST_ROWS_PER_SECOND };
      const { child } = await startScript(new URL('./record-client.ts', import.meta.url), plan);
      const stop = new AbortController();
      const tracking = tracker.run(stop.signal);
      const startedAt = performance.now();
      const before = await readLastPosition(admin);
      const rate = await drain();
      ingested.push((await countRowsAfter(admin, before)) / secondsSince(startedAt));
      await stopScript(child);
      stop.abort();
      await tracking;
      await tracker.tick();
      // What came in meanwhile must not fall to the next round.
      while ((await relay.tick()) > 0);
      return rate;
    }

    const newMessages = (): readonly Message[] =>
      Array.from({ length: rows }, (_, index) => messageFor(index, tenantOf(index)));

    async function addRaw(): Promise<number> {
      const messages = Map.groupBy(newMessages(), ({ queue }) => queue);
      const startedAt = performance.now();
      await Promise.all(
        [...messages].map(async ([queue, each]) => {
          for (let at = 0; at < each.length; at += 500)
            await raw.get(queue)?.addBulk(each.slice(at, at + 500).map(jobFor));
        }),
      );
      return rows / secondsSince(startedAt);
    }

    async function relayByPeer(): Promise<number> {
      await peer.fill(newMessages().map((message) => ({ segment: message.tenantId, payload: message })));
      const endsAt = performance.now() + peerMs;
      let published = 0;
      return peer.relay(
        async ({ payload }) => {
          const { name, data, opts } = jobFor(payload as Message);
          await raw.get(data.queue)?.add(name, data, opts);
          published += 1;
        },
        () => published >= rows || performance.now() >= endsAt,
      );
    }

    const contestant = (name: string, relayed: () => Promise<number>): Contestant => ({
      name,
      async run() {
        const rate = await relayed();
        await redis.flushall();
        return rate;
      },
    });
    return {
      unit: 'rows/s',
      ours: contestant('hookledger', relayAlone),
      others: [
        contestant('hookledger, ingest going on', relayDuringIngest),
        contestant(RAW, addRaw),
        contestant('pg-transactional-outbox', relayByPeer),
      ],
      goals: [{ against: RAW, atLeast: 0.9 }],
      settings: {
        work: `${rows} rows a round, ${TENANT_IDS.length} tenants, ${QUEUES.length} queues, no workers`,
        ingest: `${INGEST_ROWS_PER_SECOND} outbox rows a second by record_webhooks, from another process`,
        peer: `the same backlog, ${peerMs / 1_000} s of it; polling, its batch size 40 and 40 connections, a segment for each tenant`,
        durability: 'PostgreSQL fsync and synchronous_commit on; Redis AOF everysec',
      },
      async remarks() {
        // It holds a session of the pool.
        await tracker.close();
        return [
          `ingest that went on: ${Math.round(median(ingested))} outbox rows a second; ${repeated} rows were published twice`,
          `WAL: ${median(walPerRow.relayed).toFixed(1)} bytes a row relayed, ` +
            `${median(walPerRow.appended).toFixed(0)} bytes a row appended, with its event and stream`,
          ...(await describeTables(admin, [pool])),
        ];
      },
      async close() {
        await relay.close();
        await tracker.close();
        await transport.close();
        for (const queue of raw.values()) await queue.close();
        redis.disconnect();
        for (const each of [pool, admin, peerAdmin]) await each.end();
      },
    };
  },
};

function tenantOf(index: number): string {
  return TENANT_IDS[index % TENANT_IDS.length] ?? '';
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000;
}

async function countJobs(transport: Transport): Promise<number> {
  const depths = await Promise.all(QUEUES.map((queue) => transport.depth(queue)));
  return depths.reduce((sum, { waiting }) => sum + waiting, 0);
}
