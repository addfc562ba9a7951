import { randomUUID } from 'node:crypto';
import type { Pool } from '../../src/platform/postgres.ts';
import { createPool, withConnection } from '../../src/platform/postgres.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { WebhookRecord } from '../../src/event-store/record-webhooks.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { webhookRecord } from '../support/webhook-record.ts';
import { recordBare, createBareTables } from './bare-inserts.ts';
import type { Bench, Contestant } from './bench.ts';
import type { AppendPeer } from './append-peers.ts';
import { createEmmett, createGraphileWorker, createOutboxStorage, createPgBoss } from './append-peers.ts';

const BATCH = 200;
const CONCURRENCY = 2;
const BODY_BYTES = 750;

/** The transaction alone: raw webhook, dedupe key, stream, event and two outbox rows, for each webhook. */
export const appendBench: Bench = {
  name: 'append',
  summary: 'webhooks recorded a second, by the transaction alone',
  async prepare({ quick, servers }) {
    const webhooks = quick ? 4_000 : 20_000;
    const { adminUrl, appUrl } = await servers.newDatabase();
    const logger = createLogger({ level: 'silent' });
    const pool = (url: string): Pool =>
      createPool({
        url,
        applicationName: 'bench',
        max: 4,
        statementTimeoutMs: 60_000,
        idleInTransactionTimeoutMs: 10_000,
        logger,
      });
    const application = pool(appUrl);
    const admin = pool(adminUrl);
    await withConnection(adminUrl, createBareTables);
    const peers: AppendPeer[] = [];
    for (const create of [createPgBoss, createGraphileWorker, createOutboxStorage, createEmmett]) {
      peers.push(await create((await servers.newDatabase()).adminUrl));
    }

    const contestant = (name: string, record: (batch: readonly WebhookRecord[]) => Promise<unknown>): Contestant => ({
      name,
      run: () => rateOf(webhooks, record),
    });
    return {
      unit: 'webhooks/s',
      ours: contestant('hookledger', (batch) => recordWebhooks(application, batch)),
      others: [
        contestant('bare inserts', (batch) => recordBare(admin, batch)),
        ...peers.map((peer) => contestant(peer.name, peer.record)),
      ],
      goals: [{ against: 'bare inserts', atLeast: 0.8 }, ...peers.map((peer) => ({ against: peer.name, atLeast: 10 }))],
      settings: {
        work: `${webhooks} webhooks of ${BODY_BYTES} bytes a round, batches of ${BATCH}, ${CONCURRENCY} at once`,
        durability: 'fsync and synchronous_commit on',
        peers:
          'one job (event) with the same body for each webhook, by their bulk call where they have one; pg-transactional-outbox a transaction a batch',
      },
      async close() {
        await application.end();
        await admin.end();
        for (const peer of peers) await peer.close();
      },
    };
  },
};

async function rateOf(
  webhooks: number,
  record: (batch: readonly WebhookRecord[]) => Promise<unknown>,
): Promise<number> {
  const padding = 'x'.repeat(BODY_BYTES - 36);
  const batches = Array.from({ length: webhooks / BATCH }, () =>
    Array.from({ length: BATCH }, () => {
      const key = randomUUID();
      return webhookRecord({ key, content: `${padding}${key}`, events: [callEnded(key)] });
    }),
  );
  const waiting = batches.values();
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const batch of waiting) await record(batch);
    }),
  );
  return webhooks / ((performance.now() - startedAt) / 1_000);
}

function callEnded(externalId: string) {
  return {
    type: 'CallEnded' as const,
    stream: { kind: 'call' as const, provider: 'retell', account: 'org_1', mode: 'test' as const, externalId },
    occurredAt: '2026-11-02T09:00:00.000Z',
    data: { status: 'ended', durationMs: 90_000 },
  };
}
