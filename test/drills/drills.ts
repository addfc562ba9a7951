import { clockJump } from './clock-jump.ts';
import { diskFull } from './disk-full.ts';
import type { Drill } from './drill.ts';
import { killApi, killProjector, killRelay, killWorker } from './kill-process.ts';
import { killPostgres, killRedis } from './kill-server.ts';
import { redisStale, redisWipe } from './lose-redis.ts';
import { pausedOwner } from './paused-owner.ts';
import { poison } from './poison.ts';
import { promoteUnderLoad } from './promote-under-load.ts';
import { redisGone } from './redis-gone.ts';
import { dumpRestore } from './restore.ts';
import { rolling } from './rolling.ts';
import { hungAppender, longTransaction } from './strangers.ts';

/** In the order in which `all` runs them. */
export const DRILLS: readonly Drill[] = [
  killApi,
  killRelay,
  killWorker,
  killProjector,
  killPostgres,
  killRedis,
  redisWipe,
  longTransaction,
  hungAppender,
  poison,
  rolling,
  pausedOwner,
  redisStale,
  redisGone,
  dumpRestore,
  diskFull,
  clockJump,
  promoteUnderLoad,
];
