import type { WebhookRecord } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool, withTransaction } from '../../src/platform/postgres.ts';
import { importPeer } from './import-peer.ts';
import { createTransactionalOutbox } from './transactional-outbox.ts';

export type AppendPeer = Readonly<{
  name: string;
  record(batch: readonly WebhookRecord[]): Promise<unknown>;
  close(): Promise<void>;
}>;

const body = ({ body: bytes }: WebhookRecord): { id: string; body: string } => {
  const text = bytes.toString('utf8');
  return { id: text.slice(-36), body: text };
};

type PgBoss = Readonly<{
  on(event: 'error', listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  createQueue(name: string): Promise<void>;
  insert(name: string, jobs: readonly { data: object }[]): Promise<unknown>;
  stop(options: { graceful: boolean }): Promise<void>;
}>;

/** pg-boss 12: `insert` is its bulk call. */
export async function createPgBoss(url: string): Promise<AppendPeer> {
  const { PgBoss } = await importPeer<{ PgBoss: new (url: string) => PgBoss }>('pg-boss');
  const boss = new PgBoss(url);
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`));
  await boss.start();
  await boss.createQueue('webhooks');
  return {
    name: 'pg-boss',
    record: (batch) =>
      boss.insert(
        'webhooks',
        batch.map((webhook) => ({ data: body(webhook) })),
      ),
    close: () => boss.stop({ graceful: false }),
  };
}

type WorkerUtils = Readonly<{
  migrate(): Promise<void>;
  addJobs(jobs: readonly { identifier: string; payload: object }[]): Promise<unknown>;
  release(): Promise<void>;
}>;

/** graphile-worker: `addJobs` is its bulk call. */
export async function createGraphileWorker(url: string): Promise<AppendPeer> {
  const { makeWorkerUtils } = await importPeer<{
    makeWorkerUtils: (options: { connectionString: string }) => Promise<WorkerUtils>;
  }>('graphile-worker');
  const utils = await makeWorkerUtils({ connectionString: url });
  await utils.migrate();
  return {
    name: 'graphile-worker',
    record: (batch) => utils.addJobs(batch.map((webhook) => ({ identifier: 'webhook', payload: body(webhook) }))),
    close: () => utils.release(),
  };
}

/** pg-transactional-outbox: it stores one message after the other, here in one transaction a batch. */
export async function createOutboxStorage(url: string): Promise<AppendPeer> {
  const pool = createPool({
    url,
    applicationName: 'bench',
    max: 4,
    statementTimeoutMs: 60_000,
    idleInTransactionTimeoutMs: 10_000,
    logger: createLogger({ level: 'warn' }),
  });
  const { store } = await createTransactionalOutbox(url, pool);
  return {
    name: 'pg-transactional-outbox',
    record: (batch) =>
      withTransaction(pool, { tenant: '*' }, async (tx) => {
        for (const webhook of batch) {
          const { id, body: text } = body(webhook);
          await store(
            { id, aggregateType: 'call', aggregateId: id, messageType: 'CallEnded', segment: id, payload: { text } },
            tx,
          );
        }
      }),
    close: () => pool.end(),
  };
}

type EventStore = Readonly<{
  appendToStream(stream: string, events: readonly { type: string; data: object }[]): Promise<unknown>;
  close(): Promise<void>;
}>;

/** Emmett: one append for each stream, as many at once as its pool has connections; it has no call for several. */
export async function createEmmett(url: string): Promise<AppendPeer> {
  const { getPostgreSQLEventStore } = await importPeer<{ getPostgreSQLEventStore: (url: string) => EventStore }>(
    '@event-driven-io/emmett-postgresql',
  );
  const store = getPostgreSQLEventStore(url);
  await store.appendToStream('warm-up-1', [{ type: 'WarmedUp', data: {} }]);
  return {
    name: 'emmett',
    record: (batch) =>
      Promise.all(
        batch.map((webhook) =>
          store.appendToStream(`call-${webhook.id}`, [{ type: 'CallEnded', data: body(webhook) }]),
        ),
      ),
    close: () => store.close(),
  };
}
