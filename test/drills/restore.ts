import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Drill } from './drill.ts';
import { readProgress } from './read-progress.ts';
import { untilInFlight } from './until-in-flight.ts';

/** No dump of PostgreSQL's own: pg_dump is not part of the embedded package, and an older one refuses its server. */
export const dumpRestore: Drill = {
  name: 'dump-restore',
  breaks:
    'the database, restored from a file-level copy of the stopped cluster, with its sequence behind, as a dump may have it',
  async fault({ servers, plant, pool, client, broke }) {
    const cluster = join(servers.dataDir, 'postgres', 'data');
    broke(await untilInFlight(async () => (await readProgress(pool)).open + client.underWay()));
    await Promise.all(plant.all.map((each) => each.stop()));
    await servers.postgres.stop();
    // With its owner, whom PostgreSQL insists on.
    execFileSync('cp', ['-a', cluster, `${cluster}.copy`]);
    rmSync(cluster, { recursive: true });
    renameSync(`${cluster}.copy`, cluster);
    await servers.postgres.start();

    await pool.query(`select setval('hookledger.position_seq', last_value / 2) from hookledger.position_seq`);
    const [first] = plant.all;
    const hasStarted = await first?.start().then(
      () => true,
      () => false,
    );
    // The command that the refusal names, and docs/operations.md.
    await pool.query(
      `select setval('hookledger.position_seq', greatest(
         (select position from hookledger.high_water_mark), (select max(position) from hookledger.events),
         (select max(position) from hookledger.webhooks)))`,
    );
    await Promise.all(plant.all.map((each) => each.start()));
    return async () => (hasStarted === true ? ['it started on a sequence below the mark'] : []);
  },
};
