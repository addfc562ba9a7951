/** pg-transactional-outbox 0.5.7, with the tables, function and indexes that its own setup makes for polling. */
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { Pool } from '../../src/platform/postgres.ts';
import { withConnection } from '../../src/platform/postgres.ts';
import { importPeer } from './import-peer.ts';

export type OutboxMessage = Readonly<{
  id: string;
  aggregateType: string;
  aggregateId: string;
  messageType: string;
  /** Messages of one segment are handled one after the other. */
  segment: string;
  payload: object;
}>;

type Logger = Readonly<Record<'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace', (...args: unknown[]) => void>>;
type Setup = (config: object) => string;
type Peer = Readonly<{
  DatabaseSetup: Readonly<Record<'dropAndCreateTable' | 'createPollingFunction' | 'setupPollingIndexes', Setup>>;
  initializeMessageStorage(
    config: object,
    logger: Logger,
  ): (message: OutboxMessage, client: pg.PoolClient) => Promise<void>;
  initializePollingMessageListener(
    config: object,
    handler: { handle(message: OutboxMessage): Promise<void> },
    logger: Logger,
    strategies: object,
  ): [shutdown: () => Promise<void>];
}>;

export type TransactionalOutbox = Readonly<{
  /** Inside the caller's transaction. */
  store(message: OutboxMessage, client: pg.PoolClient): Promise<void>;
  /** Has exactly these waiting, by the quickest way in: for measuring the relay alone. */
  fill(messages: readonly Pick<OutboxMessage, 'segment' | 'payload'>[]): Promise<void>;
  /** Hands stored messages to `publish` until `until` answers true; answers how many it has marked as processed a second. */
  relay(publish: (message: OutboxMessage) => Promise<unknown>, until: () => boolean): Promise<number>;
}>;

/** With a connection for each message: one that waits for a connection meets the lock of the next poll and fails. */
const BATCH = 40;

/** In a database of its own, where `admin` owns everything. */
export async function createTransactionalOutbox(url: string, admin: Pool): Promise<TransactionalOutbox> {
  const peer = await importPeer<Peer>('pg-transactional-outbox');
  const names = {
    outboxOrInbox: 'outbox',
    database: new URL(url).pathname.slice(1),
    schema: 'public',
    table: 'outbox',
    listenerRole: new URL(url).username,
    nextMessagesName: 'next_outbox_messages',
  };
  const { dropAndCreateTable, createPollingFunction, setupPollingIndexes } = peer.DatabaseSetup;
  await withConnection(url, async (client) => {
    for (const setup of [dropAndCreateTable, createPollingFunction, setupPollingIndexes])
      await client.query(setup(names));
  });
  const config = {
    outboxOrInbox: 'outbox',
    dbListenerConfig: { connectionString: url },
    dbHandlerConfig: { connectionString: url, max: BATCH },
    settings: {
      dbSchema: names.schema,
      dbTable: names.table,
      enableMaxAttemptsProtection: false,
      enablePoisonousMessageProtection: false,
      messageCleanupIntervalInMs: 0,
      nextMessagesFunctionName: names.nextMessagesName,
      nextMessagesBatchSize: BATCH,
      nextMessagesPollingIntervalInMs: 20,
    },
  };
  return {
    store: peer.initializeMessageStorage(
      config,
      createLogger(() => true),
    ),
    fill: (messages) => fill(admin, messages),
    async relay(publish, until) {
      let isRunning = true;
      const logger = createLogger(() => isRunning);
      // Its own default asks for single messages first, as many times as a batch is large.
      const strategies = { batchSizeStrategy: () => Promise.resolve(BATCH) };
      const handler = { handle: async (message: OutboxMessage) => void (await publish(message)) };
      const startedAt = performance.now();
      const [shutdown] = peer.initializePollingMessageListener(config, handler, logger, strategies);
      while (!until()) await pause(10);
      const { rows } = await admin.query<{ processed: number }>(
        'select count(*)::integer as processed from public.outbox where processed_at is not null',
      );
      const seconds = (performance.now() - startedAt) / 1_000;
      // Messages under way lose their connections now, and are not counted.
      isRunning = false;
      await shutdown();
      return (rows[0]?.processed ?? 0) / seconds;
    },
  };
}

async function fill(admin: Pool, messages: readonly Pick<OutboxMessage, 'segment' | 'payload'>[]): Promise<void> {
  await admin.query('truncate public.outbox');
  await admin.query(
    `insert into public.outbox (id, aggregate_type, aggregate_id, message_type, segment, payload, created_at)
     select gen_random_uuid(), 'call', 'call_' || n, 'CallStarted', segment, payload, clock_timestamp()
     from unnest($1::text[], $2::jsonb[]) with ordinality r (segment, payload, n)`,
    [messages.map(({ segment }) => segment), messages.map(({ payload }) => JSON.stringify(payload))],
  );
  await admin.query('analyze public.outbox');
}

function createLogger(isHeard: () => boolean): Logger {
  const print = (first: unknown): void => {
    if (!isHeard()) return;
    process.stderr.write(
      `pg-transactional-outbox: ${first instanceof Error ? first.message : JSON.stringify(first)}\n`,
    );
  };
  const ignore = (): void => undefined;
  return { fatal: print, error: print, warn: ignore, info: ignore, debug: ignore, trace: ignore };
}
