import { Redis } from 'ioredis';
import { QUEUES } from '../../src/domain/queues.ts';

/** Jobs that some worker has taken and not ended, in all queues. */
export async function countActiveJobs(redisUrl: string): Promise<number> {
  return withRedis(redisUrl, async (redis) => {
    const lengths = await Promise.all(keysOf('active').map((key) => redis.llen(key)));
    return lengths.reduce((sum, length) => sum + length, 0);
  });
}

/** Jobs that no worker has taken yet, in all queues. */
export async function countWaitingJobs(redisUrl: string): Promise<number> {
  return withRedis(redisUrl, async (redis) => {
    const lengths = await Promise.all(keysOf('wait').map((key) => redis.llen(key)));
    return lengths.reduce((sum, length) => sum + length, 0);
  });
}

/** FLUSHALL; answers how many jobs waited or were being handled at that moment. */
export async function wipe(redisUrl: string): Promise<number> {
  const script = `local jobs = 0
    for _, key in ipairs(KEYS) do jobs = jobs + redis.call('LLEN', key) end
    redis.call('FLUSHALL')
    return jobs`;
  const keys = [...keysOf('wait'), ...keysOf('active')];
  return withRedis(redisUrl, async (redis) => Number(await redis.eval(script, keys.length, ...keys)));
}

/** As BullMQ names its lists, under the application's prefix. */
function keysOf(state: 'wait' | 'active'): string[] {
  return QUEUES.map((queue) => `hookledger:${queue}:${state}`);
}

async function withRedis<T>(redisUrl: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 });
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
