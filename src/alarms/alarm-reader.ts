import type { Pool } from '../platform/postgres.ts';
import { TransportUnavailableError } from '../transports/transport.ts';
import type { QueueDepth, Transport } from '../transports/transport.ts';
import { lookAtQueues, readReadings } from './read-readings.ts';
import type { QueueReading, Readings } from './readings.ts';
import { createQueueWatch } from './watch-queues.ts';

export type AlarmReaderDeps = Readonly<{
  pool: Pool;
  transport: Pick<Transport, 'depth'>;
  /** Which to look at; none in a process that does not work with them and must not need their transport. */
  queues: readonly string[];
  /** In milliseconds. */
  now: () => number;
}>;

/** It is asked so often that asking must not be what hurts. */
const TIMEOUT_MS = 2_000;

/** For a process that looks again and again: it remembers since when a queue stands still. */
export function createAlarmReader({ pool, transport, queues, now }: AlarmReaderDeps) {
  const watch = createQueueWatch();
  return async (): Promise<Readonly<{ readings: Readings; queues: readonly QueueReading[] }>> => {
    const [{ readings, lastEndings }, depths] = await Promise.all([
      readReadings(pool, { timeoutMs: TIMEOUT_MS }),
      Promise.all(queues.map(async (queue) => ({ queue, depth: await depthOf(transport, queue) }))),
    ]);
    return { readings, queues: watch(lookAtQueues(depths, lastEndings), now()) };
  };
}

async function depthOf(transport: Pick<Transport, 'depth'>, queue: string): Promise<QueueDepth | undefined> {
  try {
    return await transport.depth(queue);
  } catch (error) {
    if (error instanceof TransportUnavailableError) return undefined;
    throw error;
  }
}
