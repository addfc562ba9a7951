import { importPeer } from '../../bench/import-peer.ts';
import type { Peer, PeerWebhook } from './peer.ts';
import { readCount } from './read-count.ts';

type Recorded = Readonly<{ type: 'WebhookReceived'; data: PeerWebhook }>;
type Read = Recorded & Readonly<{ metadata: Readonly<{ streamPosition: bigint }> }>;
type Consumer = Readonly<{
  reactor(options: {
    processorId: string;
    processorInstanceId: string;
    canHandle: readonly string[];
    eachMessage: (message: Read) => Promise<void>;
  }): unknown;
  start(): Promise<void>;
}>;
type EventStore = Readonly<{
  schema: Readonly<{ migrate(): Promise<unknown> }>;
  consumer(): Consumer;
  close(): Promise<void>;
}>;
type Handle = (store: EventStore, id: string, decide: (seen: readonly string[]) => Recorded[]) => Promise<unknown>;

type Emmett = Readonly<{
  CommandHandler(options: {
    evolve: (seen: readonly string[], event: Recorded) => readonly string[];
    initialState: () => readonly string[];
    retry: object;
  }): Handle;
}>;
type EmmettPostgres = Readonly<{ getPostgreSQLEventStore(url: string): EventStore }>;

const PROCESSOR = 'outside-calls';

async function openEventStore(url: string): Promise<EventStore> {
  const { getPostgreSQLEventStore } = await importPeer<EmmettPostgres>('@event-driven-io/emmett-postgresql');
  return getPostgreSQLEventStore(url);
}

/** Appends by its command handler; reacts by a reactor of its consumer (its documentation: PostgreSQL Event Store). */
export const emmettPeer: Peer = {
  name: 'emmett',
  version: '0.42.0',
  standsOn: 'postgres',
  // A processor is one instance at a time: a second one fails to get its lock.
  workers: 1,
  promisesOrder: true,
  // "Schema auto-migrates by default": once, before two processes do it at a time.
  async setUp({ databaseUrl }) {
    const store = await openEventStore(databaseUrl);
    await store.schema.migrate();
    await store.close();
  },
  async openStore({ databaseUrl }) {
    const { CommandHandler } = await importPeer<Emmett>('@event-driven-io/emmett');
    const store = await openEventStore(databaseUrl);
    // Guides: Command Handling. A repeated webhook is known by the state of its stream, and adds nothing.
    const handle = CommandHandler({
      evolve: (seen, { data }) => [...seen, data.id],
      initialState: () => [],
      retry: { onVersionConflict: true },
    });
    return async (webhook) => {
      await handle(store, `thing-${webhook.thing}`, (seen) =>
        seen.includes(webhook.id) ? [] : [{ type: 'WebhookReceived', data: webhook }],
      );
    };
  },
  countOpen: ({ databaseUrl }) =>
    readCount(
      databaseUrl,
      `select count(*)::integer as count from public.emt_messages where global_position > coalesce(
         (select last_processed_checkpoint::bigint from public.emt_processors where processor_id = $1::text), 0)`,
      PROCESSOR,
    ),
  countStored: (databaseUrl, ids) =>
    readCount(
      databaseUrl,
      `select count(*)::integer as count from public.emt_messages where message_data ->> 'id' = any ($1::text[])`,
      ids,
    ),
  async startWorker({ databaseUrl }, makeCall, onEnd) {
    const consumer = (await openEventStore(databaseUrl)).consumer();
    // Async Consumers: "Reactor for side effects". Batch size and pulling frequency are its defaults, 100 and 50 ms.
    consumer.reactor({
      processorId: PROCESSOR,
      // Beyond the documented sample, and in its favour: under its default, a new id each start, the lock of a killed
      // processor stands for 300 s.
      processorInstanceId: `${PROCESSOR}-1`,
      canHandle: ['WebhookReceived'],
      eachMessage: ({ data, metadata }) => makeCall(data, Number(metadata.streamPosition)),
    });
    // Before its own handler of the signal, which fails for want of a connection string.
    process.once('SIGTERM', () => process.exit(0));
    consumer.start().then(() => onEnd(), onEnd);
  },
};
