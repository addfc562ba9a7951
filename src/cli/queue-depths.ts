import type { Config } from '../config.ts';
import type { Queue } from '../domain/queues.ts';
import { QUEUES } from '../domain/queues.ts';
import { createBullmqTransport } from '../transports/bullmq.ts';
import { TransportUnavailableError } from '../transports/transport.ts';
import type { QueueDepth } from '../transports/transport.ts';
import { APPLICATION_ROLE } from '../platform/postgres.ts';
import type { Environment } from './environment.ts';

export type QueueDepths = Readonly<{
  /** Undefined where nobody told us of one: no server runs, and none is configured. */
  transport: 'bullmq-redis' | 'bullmq-postgres' | 'memory' | undefined;
  depths: readonly Readonly<{ queue: Queue; depth: QueueDepth | undefined }>[];
}>;

/** How many jobs each queue holds; `depth` is undefined where the transport does not answer. */
export async function readQueueDepths(
  { databaseUrl, server, logger }: Environment,
  config: Config,
): Promise<QueueDepths> {
  const redisUrl = config.redisUrl ?? server?.redisUrl;
  if (redisUrl === undefined && server === undefined && config.databaseUrl === undefined) {
    return { transport: undefined, depths: [] };
  }
  const transport = createBullmqTransport({
    backend:
      redisUrl === undefined
        ? { kind: 'postgres', url: databaseUrl, role: APPLICATION_ROLE }
        : { kind: 'redis', url: redisUrl },
    // That it does not answer is what we report; each attempt to reconnect is not.
    logger: logger.child({}, { level: 'silent' }),
  });
  try {
    const depths = await Promise.all(
      QUEUES.map(async (queue) => ({ queue, depth: await transport.depth(queue).catch(undefinedWhenUnavailable) })),
    );
    return { transport: transport.name, depths };
  } finally {
    await transport.close();
  }
}

function undefinedWhenUnavailable(error: unknown): undefined {
  if (error instanceof TransportUnavailableError) return undefined;
  throw error;
}

/** `waiting` + `active` + `delayed`, for a table. */
export function depthCells({ queue, depth }: QueueDepths['depths'][number]): string[] {
  if (depth === undefined) return [queue, '?', '?', '?'];
  return [queue, String(depth.waiting), String(depth.active), String(depth.delayed)];
}
