import type { Drill } from './drill.ts';
import { readProgress } from './read-progress.ts';
import { untilInFlight } from './until-in-flight.ts';

export const rolling: Drill = {
  name: 'rolling',
  breaks: 'nothing: every process is replaced, one by one, by SIGTERM and a new one',
  async fault({ plant, pool, client, broke }) {
    for (const each of plant.all) {
      broke(await untilInFlight(async () => client.underWay() + (await readProgress(pool)).open));
      await each.stop();
      await each.start();
    }
    return async () => [...client.failures()].map(([why, count]) => `${count} requests failed: ${why}`);
  },
};
