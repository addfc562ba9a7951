import pg from 'pg';
import { importPeer } from '../../bench/import-peer.ts';
import { log } from './log.ts';
import type { Peer, PeerWebhook } from './peer.ts';
import { readCount } from './read-count.ts';
import { createStoreOnce, createWebhookTable } from './store-once.ts';

type Message = Readonly<{
  id: string;
  aggregateType: string;
  aggregateId: string;
  messageType: string;
  segment: string;
  payload: PeerWebhook;
  createdAt?: string;
}>;
type Setup = (config: object) => string;
type TransactionalOutbox = Readonly<{
  DatabaseSetup: Readonly<Record<'dropAndCreateTable' | 'createPollingFunction' | 'setupPollingIndexes', Setup>>;
  initializeMessageStorage(
    config: object,
    logger: object,
  ): (message: Message, client: pg.PoolClient) => Promise<unknown>;
  initializePollingMessageListener(
    config: object,
    handler: { handle(message: Message): Promise<void> },
    logger: object,
  ): [shutdown: () => Promise<void>];
}>;

const load = (): Promise<TransactionalOutbox> => importPeer('pg-transactional-outbox');
const logger = { fatal: log, error: log, warn: log, info: log, debug: log, trace: log };
const NEXT_MESSAGES = 'next_outbox_messages';
/** Messages under way at once, with a connection for each. */
const BATCH = 20;

function configOf(url: string): object {
  return {
    outboxOrInbox: 'outbox',
    dbListenerConfig: { connectionString: url },
    dbHandlerConfig: { connectionString: url, max: BATCH },
    // README, Implementing the transactional outbox producer; larger and quicker than its sample's 5 and 250 ms.
    settings: {
      dbSchema: 'public',
      dbTable: 'outbox',
      enableMaxAttemptsProtection: false,
      enablePoisonousMessageProtection: false,
      nextMessagesFunctionName: NEXT_MESSAGES,
      nextMessagesBatchSize: BATCH,
      nextMessagesPollingIntervalInMs: 100,
    },
  };
}

/** Stores the message in the webhook's transaction; its polling listener publishes, which is here the call. */
export const outboxPeer: Peer = {
  name: 'pg-transactional-outbox',
  version: '0.5.7',
  standsOn: 'postgres',
  workers: 1,
  // README, Implementing the transactional outbox producer: sequential within a segment, by created_at.
  promisesOrder: true,
  async setUp({ databaseUrl }) {
    const { DatabaseSetup } = await load();
    const { pathname, username } = new URL(databaseUrl);
    const names = {
      outboxOrInbox: 'outbox',
      database: pathname.slice(1),
      schema: 'public',
      table: 'outbox',
      listenerRole: username,
      nextMessagesName: NEXT_MESSAGES,
    };
    await createWebhookTable(databaseUrl);
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    // README, Database setup.
    for (const setup of ['dropAndCreateTable', 'createPollingFunction', 'setupPollingIndexes'] as const)
      await client.query(DatabaseSetup[setup](names));
    await client.end();
  },
  async openStore({ databaseUrl }) {
    const store = (await load()).initializeMessageStorage(configOf(databaseUrl), logger);
    return createStoreOnce(databaseUrl, (webhook, client) =>
      store(
        {
          id: webhook.id,
          aggregateType: 'thing',
          aggregateId: webhook.thing,
          messageType: 'webhook_received',
          segment: webhook.thing,
          payload: webhook,
        },
        client,
      ),
    );
  },
  countOpen: ({ databaseUrl }) =>
    readCount(
      databaseUrl,
      `select count(*)::integer as count from public.outbox where processed_at is null and abandoned_at is null`,
    ),
  async startWorker({ databaseUrl }, makeCall) {
    const { initializePollingMessageListener } = await load();
    const [shutdown] = initializePollingMessageListener(
      configOf(databaseUrl),
      { handle: ({ payload, createdAt }) => makeCall(payload, Date.parse(createdAt ?? '')) },
      logger,
    );
    process.once('SIGTERM', () => void shutdown().then(() => process.exit(0)));
  },
};
