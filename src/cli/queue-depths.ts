import type { Config } from '../config.ts';
import type { Queue } from '../domain/queues.ts';
import { QUEUES } from '../domain/queues.ts';
import { withReadTransaction } from '../finance/read-transaction.ts';
import { readTransportChoice } from '../relay/transport-choice.ts';
import { TransportUnavailableError } from '../transports/transport.ts';
import type { QueueDepth } from '../transports/transport.ts';
import type { Environment } from './environment.ts';
import { withTransports } from './open-transports.ts';

export type QueueDepths = Readonly<{
  /** Undefined where nobody told us of one: no server runs, and none is configured. */
  transport: 'bullmq-redis' | 'bullmq-postgres' | undefined;
  depths: readonly Readonly<{ queue: Queue; depth: QueueDepth | undefined }>[];
}>;

/** How many jobs each queue of the transport in force holds; `depth` is undefined where it does not answer. */
export async function readQueueDepths(environment: Environment, config: Config): Promise<QueueDepths> {
  const { server, pool } = environment;
  if (config.redisUrl === undefined && server === undefined && config.databaseUrl === undefined) {
    return { transport: undefined, depths: [] };
  }
  return withTransports(environment, config, async ({ standing, of }) => {
    const { chosen = standing } = await withReadTransaction(pool, {}, readTransportChoice);
    const transport = of[chosen];
    const depths = await Promise.all(
      QUEUES.map(async (queue) => ({ queue, depth: await transport?.depth(queue).catch(undefinedWhenUnavailable) })),
    );
    return { transport: `bullmq-${chosen}`, depths };
  });
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
