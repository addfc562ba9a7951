import { setTimeout as pause } from 'node:timers/promises';
import type { Drill } from './drill.ts';
import { countActiveJobs } from './queued-jobs.ts';
import { readProgress } from './read-progress.ts';
import { untilInFlight } from './until-in-flight.ts';

const DOWN_MS = 1_000;

export const killPostgres: Drill = {
  name: 'kill-postgres',
  breaks: 'PostgreSQL, by SIGKILL of its postmaster; started again after a second',
  async fault({ servers, client, pool, broke }) {
    const inFlight = await untilInFlight(async () => (await readProgress(pool)).open + client.underWay());
    broke(inFlight);
    await servers.postgres.kill();
    await pause(DOWN_MS);
    await servers.postgres.start();
  },
};

export const killRedis: Drill = {
  name: 'kill-redis',
  breaks: 'Redis, by SIGKILL; started again after a second, with what its append-only file holds',
  async fault({ servers, broke }) {
    const inFlight = await untilInFlight(() => countActiveJobs(servers.redisUrl));
    broke(inFlight);
    await servers.redis.kill();
    await pause(DOWN_MS);
    await servers.redis.start();
  },
};
