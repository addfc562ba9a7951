import { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

export type { Redis } from 'ioredis';

export type RedisOptions = Readonly<{
  url: string;
  /**
   * `producer` fails a command within seconds when Redis does not answer, so that its caller can go on without;
   * `worker` waits for Redis to come back, as the blocking reads of a BullMQ worker need.
   */
  purpose: 'producer' | 'worker';
  connectionName: string;
  logger: Logger;
}>;

/** A connection that opens at once, reconnects by itself and logs each loss once. The caller quits it. */
export function createRedis(options: RedisOptions): Redis {
  const { logger, connectionName } = options;
  const redis = new Redis(options.url, {
    connectionName,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), 2_000),
    ...(options.purpose === 'worker'
      ? { maxRetriesPerRequest: null }
      : { maxRetriesPerRequest: 1, commandTimeout: 5_000 }),
  });
  let lost = false;
  redis.on('error', (err) => {
    if (!lost) logger.warn({ err, connectionName }, 'Redis connection lost; reconnecting');
    lost = true;
  });
  redis.on('ready', () => {
    if (lost) logger.info({ connectionName }, 'Redis connection is back');
    lost = false;
  });
  return redis;
}
