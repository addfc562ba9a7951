import { importPeer } from '../../bench/import-peer.ts';
import { log } from './log.ts';
import type { Peer, PeerWebhook } from './peer.ts';
import { readCount } from './read-count.ts';
import { createStoreOnce, createWebhookTable } from './store-once.ts';

type Sql = (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }>;
type Boss = Readonly<{
  on(event: 'error', listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(): Promise<void>;
  createQueue(name: string, options: object): Promise<void>;
  send(name: string, data: PeerWebhook, options: { db: { executeSql: Sql } }): Promise<string | null>;
  work(
    name: string,
    options: object,
    handler: (jobs: readonly { data: PeerWebhook }[]) => Promise<void>,
  ): Promise<string>;
}>;

const QUEUE = 'webhooks';
/** How often dead jobs are looked for: quicker than the defaults of 60 s, to its favour (Constructor: Options). */
const INTERVALS = { superviseIntervalSeconds: 5, monitorIntervalSeconds: 5 };
/** Jobs: a job that fails, or whose worker dies, is tried again; its heartbeat is opt-in, and 10 s the least (Queues). */
const QUEUE_OPTIONS = { heartbeatSeconds: 10, retryLimit: 5 };
/** 20 at a time in each process, and no pause while there is more (Workers: work). */
const WORK_OPTIONS = { batchSize: 5, localConcurrency: 4, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };

async function startBoss(connectionString: string): Promise<Boss> {
  const { PgBoss } = await importPeer<{ PgBoss: new (options: object) => Boss }>('pg-boss');
  const boss = new PgBoss({ connectionString, ...INTERVALS });
  boss.on('error', log);
  await boss.start();
  return boss;
}

/** `send` in the webhook's transaction by its option `db` (Jobs: send), `work` in the worker. */
export const pgBossPeer: Peer = {
  name: 'pg-boss',
  version: '12.38.0',
  standsOn: 'postgres',
  workers: 2,
  // Its policy `standard`, the default, promises none.
  promisesOrder: false,
  async setUp({ databaseUrl }) {
    await createWebhookTable(databaseUrl);
    const boss = await startBoss(databaseUrl);
    await boss.createQueue(QUEUE, QUEUE_OPTIONS);
    await boss.stop();
  },
  async openStore({ databaseUrl }) {
    const boss = await startBoss(databaseUrl);
    return createStoreOnce(databaseUrl, (webhook, client) =>
      boss.send(QUEUE, webhook, { db: { executeSql: (text, values) => client.query(text, values) } }),
    );
  },
  countOpen: ({ databaseUrl }) =>
    readCount(
      databaseUrl,
      `select count(*)::integer as count from pgboss.job where name = $1::text and state in ('created', 'retry', 'active')`,
      QUEUE,
    ),
  async startWorker({ databaseUrl }, makeCall) {
    const boss = await startBoss(databaseUrl);
    await boss.work(
      QUEUE,
      WORK_OPTIONS,
      async (jobs) => void (await Promise.all(jobs.map(({ data }) => makeCall(data)))),
    );
    process.once('SIGTERM', () => void boss.stop().then(() => process.exit(0)));
  },
};
