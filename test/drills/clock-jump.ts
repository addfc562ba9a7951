import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AppRole } from '../../src/app.ts';
import type { Drill } from './drill.ts';
import { readProgress } from './read-progress.ts';
import { untilInFlight } from './until-in-flight.ts';

const HOUR_MS = 3_600_000;
/** How far the clocks are from the right time, one after the other. */
const JUMPS_MS = [HOUR_MS, -HOUR_MS, 0];
const HOLD_MS = 1_500;

export const clockJump: Drill = {
  name: 'clock-jump',
  breaks: 'the clocks of all processes but one api: an hour ahead, then an hour behind, then right again',
  prepare(dataDir) {
    setClocks(dataDir, 0);
    return () => undefined;
  },
  preload: (role, index, dataDir) =>
    isRight(role, index)
      ? undefined
      : { script: new URL('./clock-shift.ts', import.meta.url), env: { DRILL_CLOCK_FILE: clockFile(dataDir) } },
  async fault({ servers, pool, client, broke, mended, note }) {
    for (const offsetMs of JUMPS_MS) {
      broke(await untilInFlight(async () => (await readProgress(pool)).open + client.underWay()));
      setClocks(servers.dataDir, offsetMs);
      await pause(HOLD_MS);
    }
    mended();
    note(`${client.failures().get('401') ?? 0} signatures were refused by the api whose clock was wrong`);
  },
};

/** Providers have to reach one that does not take their signatures for old ones. */
function isRight(role: AppRole, index: number): boolean {
  return role === 'api' && index === 0;
}

function clockFile(dataDir: string): string {
  return join(dataDir, 'clock');
}

function setClocks(dataDir: string, offsetMs: number): void {
  writeFileSync(clockFile(dataDir), String(offsetMs));
}
