import { countWaitingJobs } from './queued-jobs.ts';
import type { Scene } from './drill.ts';
import { untilInFlight } from './until-in-flight.ts';

/** Enough that a loss would show. */
const PILE = 20;

/** Runs `during` with the workers stopped and jobs of theirs waiting in Redis; then they go on. */
export async function withPileOfJobs<T>({ plant, servers }: Scene, during: () => Promise<T>): Promise<T> {
  for (const worker of plant.of('worker')) worker.pause();
  try {
    await untilInFlight(async () => Math.max(0, (await countWaitingJobs(servers.redisUrl)) - PILE));
    return await during();
  } finally {
    for (const worker of plant.of('worker')) worker.resume();
  }
}
