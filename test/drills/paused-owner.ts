import { setTimeout as pause } from 'node:timers/promises';
import { countLanesHeld, countUnpublished } from './count-unpublished.ts';
import type { Drill } from './drill.ts';
import { readProgress, untilFinished } from './read-progress.ts';
import { untilInFlight } from './until-in-flight.ts';

/** The lease of a relay runs out after ten. */
const PAUSE_MS = 12_000;

export const pausedOwner: Drill = {
  name: 'paused-owner',
  breaks:
    'one of two relays, stopped (SIGSTOP) until its lease has run out and another one has its lanes; then it goes on',
  async fault({ plant, pool, broke, mended, note }) {
    const [owner] = plant.of('relay');
    if (owner === undefined) throw new Error('There is no relay to pause.');
    // It may have come late, and take its share only when the other one renews its leases.
    await untilInFlight(() => countLanesHeld(pool, owner.pid()));
    owner.pause();
    const pausedAt = performance.now();
    broke(await untilInFlight(() => countUnpublished(pool, owner.pid())));
    const { drawn } = await readProgress(pool);
    const { isFinished } = await untilFinished(pool, { upTo: drawn, deadlineMs: 30_000 });
    note(`the other relay had finished its work after ${Math.round(performance.now() - pausedAt)} ms`);
    await pause(Math.max(0, pausedAt + PAUSE_MS - performance.now()));
    owner.resume();
    mended();
    return async () => (isFinished ? [] : ['the other relay did not take over while the owner was stopped']);
  },
};
