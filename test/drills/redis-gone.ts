import { QUEUES } from '../../src/domain/queues.ts';
import { APPLICATION_ROLE } from '../../src/platform/postgres.ts';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { runCliForJson } from '../cli/spawn-cli.ts';
import type { Drill } from './drill.ts';
import { withPileOfJobs } from './pile-up-jobs.ts';
import { countActiveJobs, countWaitingJobs } from './queued-jobs.ts';

export const redisGone: Drill = {
  name: 'redis-gone',
  breaks: 'Redis, for good, with jobs in it; the operator switches to the queues in PostgreSQL',
  async fault(scene) {
    const { servers, masterKey, broke } = scene;
    // As `hookledger migrate` leaves them.
    await prepareBullmqPostgres(servers.adminUrl, { grantTo: APPLICATION_ROLE, queues: QUEUES });
    await withPileOfJobs(scene, async () => {
      broke((await countWaitingJobs(servers.redisUrl)) + (await countActiveJobs(servers.redisUrl)));
      await servers.redis.kill();
    });
    await runCliForJson(
      ['relay', 'transport', 'use', 'postgres', '--reason', 'Redis is gone', '--by', 'drill', '--yes'],
      {
        NODE_ENV: 'production',
        DATABASE_URL: servers.appUrl,
        REDIS_URL: servers.redisUrl,
        HOOKLEDGER_MASTER_KEY: masterKey,
      },
    );
  },
};
