import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Drill } from './drill.ts';
import { withPileOfJobs } from './pile-up-jobs.ts';
import { countActiveJobs, countWaitingJobs, wipe } from './queued-jobs.ts';

export const redisWipe: Drill = {
  name: 'redis-wipe',
  breaks: 'Redis, by FLUSHALL while jobs wait in it',
  async fault(scene) {
    scene.broke(await withPileOfJobs(scene, () => wipe(scene.servers.redisUrl)));
  },
};

/** Long enough that what the copy lacks and what it has too much are both there. */
const STALE_MS = 1_500;

export const redisStale: Drill = {
  name: 'redis-stale',
  breaks: 'Redis, which comes back with the data that it had a moment before, as after a fail-over to a late replica',
  async fault(scene) {
    const { servers } = scene;
    const data = join(servers.dataDir, 'redis', 'appendonlydir');
    const copy = join(servers.dataDir, 'redis-copy');
    // Jobs that wait in the copy are done when it comes back.
    await withPileOfJobs(scene, () => Promise.resolve(cpSync(data, copy, { recursive: true })));
    await pause(STALE_MS);
    await withPileOfJobs(scene, async () => {
      const lost = (await countWaitingJobs(servers.redisUrl)) + (await countActiveJobs(servers.redisUrl));
      scene.broke(lost);
      await servers.redis.kill();
      rmSync(data, { recursive: true });
      cpSync(copy, data, { recursive: true });
      await servers.redis.start();
    });
  },
};
