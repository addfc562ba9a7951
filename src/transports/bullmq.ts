import type { Logger } from '../platform/logger.ts';
import type { BullmqBackend, OpenQueue } from './bullmq-backend.ts';
import { BullmqConsumer } from './bullmq-consumer.ts';
import { openPostgresBackend } from './bullmq-postgres.ts';
import { publishJobs } from './bullmq-publish.ts';
import { openRedisBackend } from './bullmq-redis.ts';
import { endsWithin, withDeadline } from './deadline.ts';
import { endOverdue } from './end-overdue.ts';
import type { EndOverdueDeps } from './end-overdue.ts';
import { MAX_DEATHS } from './run-delivery.ts';
import { TransportUnavailableError } from './transport.ts';
import type { Consumer, Transport } from './transport.ts';

export type BullmqTransportOptions = Readonly<{
  backend:
    | Readonly<{ kind: 'redis'; url: string }>
    /** `role`: taken at connecting, when the login role is not the one that may use the queues. */
    | Readonly<{ kind: 'postgres'; url: string; role?: string }>;
  /** Of the keys in Redis. PostgreSQL keeps the queues in the schema `bullmq`. */
  prefix?: string;
  /** A worker that is silent for this long has lost its jobs; it speaks four times in that time. */
  lockDurationMs?: number;
  /** How often lost jobs are looked for. A job is delivered again within the lock and one or two of these. */
  stalledIntervalMs?: number;
  /** How often is looked for what is overdue since a wall clock was set. */
  overdueIntervalMs?: number;
  /** How many workers may die under a job before it is given up. */
  maxDeaths?: number;
  logger: Logger;
}>;

/** An answer takes milliseconds; whoever waits longer than this waits for a store that is not there. */
const answerDeadlineMs = 4_000;
const closeDeadlineMs = 5_000;
/** Redis looks for each key in its queue's list, so that a chunk keeps it busy for some milliseconds. */
const holdsChunkSize = 200;

/**
 * Jobs on BullMQ. Nothing here throws because the store is down at the start: publishing and counting say so at each
 * call, consumers start when it is back. `close` gives consumers that are still open five seconds.
 */
export function createBullmqTransport(options: BullmqTransportOptions): Transport {
  const { lockDurationMs = 10_000, stalledIntervalMs = 4_000, maxDeaths = MAX_DEATHS, logger } = options;
  const { overdueIntervalMs = 2_000 } = options;
  const backend = openBackend(options);
  const queues = new Map<string, Promise<OpenQueue>>();
  const consumers: Consumer[] = [];
  let closing: Promise<void> | undefined;

  function openQueue(name: string): Promise<OpenQueue> {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const opening = backend.openQueue(name);
    queues.set(name, opening);
    // BullMQ keeps a queue that could not connect in that state, so the next call opens another.
    opening.catch(() => queues.delete(name));
    return opening;
  }

  function refuseWhenClosed(): void {
    if (closing === undefined) return;
    throw new TransportUnavailableError(backend.name, new Error('The transport is closed.'));
  }

  async function withQueue<T>(name: string, use: (queue: OpenQueue) => Promise<T>): Promise<T> {
    refuseWhenClosed();
    try {
      return await use(await withDeadline(openQueue(name), answerDeadlineMs));
    } catch (error) {
      throw new TransportUnavailableError(backend.name, error);
    }
  }

  async function withBackend<T>(use: () => Promise<T>): Promise<T> {
    refuseWhenClosed();
    try {
      return await withDeadline(use(), answerDeadlineMs);
    } catch (error) {
      throw new TransportUnavailableError(backend.name, error);
    }
  }

  async function close(): Promise<void> {
    await Promise.all(consumers.map((consumer) => consumer.close(closeDeadlineMs)));
    const ended = backend
      .close()
      .catch((err: unknown) => logger.warn({ err }, 'queue connections broke while closing'));
    await endsWithin(ended, answerDeadlineMs);
  }

  return {
    name: backend.name,
    publish: (name, messages) => withQueue(name, (queue) => publishJobs(queue, name, messages, answerDeadlineMs)),
    depth: (name) => withQueue(name, (queue) => withDeadline(queue.depth(), answerDeadlineMs)),
    promote: (name, keys) => withQueue(name, (queue) => withDeadline(queue.promote(keys), answerDeadlineMs)),
    holds: (name, keys) =>
      withQueue(name, async (queue) => {
        const held = new Set<string>();
        for (let from = 0; from < keys.length; from += holdsChunkSize) {
          const chunk = keys.slice(from, from + holdsChunkSize);
          for (const key of await withDeadline(queue.holds(chunk), answerDeadlineMs)) held.add(key);
        }
        return held;
      }),
    hasCanary: () => withBackend(backend.hasCanary),
    setCanary: () => withBackend(backend.setCanary),
    async consume(queue, handlers) {
      refuseWhenClosed();
      const shared = { lockDurationMs, stalledIntervalMs, logger };
      const consuming = new BullmqConsumer({ ...shared, backend, maxDeaths, queue, options: handlers });
      const closed = new AbortController();
      const use: EndOverdueDeps['withQueue'] = (ask) =>
        withQueue(queue, (open) => withDeadline(ask(open), answerDeadlineMs));
      void endOverdue({ ...shared, withQueue: use, intervalMs: overdueIntervalMs }, closed.signal);
      const consumer: Consumer = {
        close(deadlineMs) {
          closed.abort();
          return consuming.close(deadlineMs);
        },
      };
      consumers.push(consumer);
      return consumer;
    },
    close: () => (closing ??= close()),
  };
}

function openBackend({ backend, prefix = 'hookledger', logger }: BullmqTransportOptions): BullmqBackend {
  switch (backend.kind) {
    case 'redis':
      return openRedisBackend({ url: backend.url, prefix, logger });
    case 'postgres':
      return openPostgresBackend({ url: backend.url, role: backend.role, logger });
  }
}
