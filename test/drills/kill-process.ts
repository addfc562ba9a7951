import { setTimeout as pause } from 'node:timers/promises';
import type { AppRole } from '../../src/app.ts';
import { countUnpublished } from './count-unpublished.ts';
import type { Drill, Scene } from './drill.ts';
import type { PlantProcess } from './plant.ts';
import { untilInFlight } from './until-in-flight.ts';

/** Until its supervisor has noticed. */
const DOWN_MS = 1_000;
const PATIENCE_MS = 10_000;

export const killApi = killDrill('api', async ({ client }, { port }) => client.underWay(port));

export const killRelay = killDrill('relay', ({ pool }, victim) => countUnpublished(pool, victim.pid()));

/** In the middle of a call to the outside: done there, and not yet on record here. */
export const killWorker: Drill = {
  name: 'kill-worker',
  breaks: breaksRole('worker'),
  async fault({ plant, effects, broke }) {
    for (const victim of plant.of('worker')) {
      const inFlight = await untilInFlight(() => Promise.resolve(effects.openCalls(victim.pid())));
      broke(inFlight);
      await replace(victim);
    }
  },
};

export const killProjector = killDrill('projector', async ({ pool }) => {
  const { rows } = await pool.query<{ waiting: number }>(
    `select count(*)::integer as waiting from hookledger.events
     where position > (select min(position) from hookledger.projection_checkpoints)`,
  );
  return rows[0]?.waiting ?? 0;
});

/**
 * Kills the processes of a role one after the other. Each is stopped first (SIGSTOP), so that what it has under way can
 * be counted, and let go again while that is nothing; the kill finds it there.
 */
function killDrill(role: AppRole, countInFlight: (scene: Scene, victim: PlantProcess) => Promise<number>): Drill {
  return {
    name: `kill-${role}`,
    breaks: breaksRole(role),
    async fault(scene) {
      for (const victim of scene.plant.of(role)) {
        const inFlight = await catchAtWork(scene, victim, countInFlight);
        scene.broke(inFlight);
        await replace(victim);
      }
    },
  };
}

function breaksRole(role: AppRole): string {
  return `every process of the role ${role}, one after the other, by SIGKILL; back after a second`;
}

async function replace(victim: PlantProcess): Promise<void> {
  await victim.kill();
  await pause(DOWN_MS);
  await victim.start();
}

/** Leaves the process stopped, with work under way; answers how much, or 0 when it was never found at work. */
async function catchAtWork(
  scene: Scene,
  victim: PlantProcess,
  countInFlight: (scene: Scene, victim: PlantProcess) => Promise<number>,
): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    victim.pause();
    // The others finish what they have: what is left after that is its own.
    await pause(60);
    const inFlight = await countInFlight(scene, victim);
    if (inFlight > 0 || performance.now() > deadline) return inFlight;
    victim.resume();
    await pause(23);
  }
}
