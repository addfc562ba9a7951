import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import type { Declared } from '../../src/adapters/adapter.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { startOutsideServer } from '../support/outside-server.ts';
import type { Behaviour, OutsideServer } from '../support/outside-server.ts';
import { CALL_MS, createEffectRig, LEASE_MS } from './effects-setup.ts';
import type { Rig } from './effects-setup.ts';
import { createSteppedWorkers } from './stepped-workers.ts';
import type { Worker } from './stepped-workers.ts';

/** Set it to the seed that a failed run has printed, to see the same histories again. */
const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
const RUNS = 80;
/** After so many leases, a call is not on its way any more. */
const SETTLED = CALL_MS / LEASE_MS + 1;

let database: TestDatabase;
let outside: OutsideServer;
let rig: Rig;

beforeAll(async () => {
  console.info(`interleavings seed: FUZZ_SEED=${seed}`);
  database = await createTestDatabase();
  outside = await startOutsideServer();
  rig = createEffectRig(database, outside);
});
afterAll(async () => {
  await outside.close();
  await database.drop();
});

/** What happens next to one job; `worker` chooses among those that are at work. See `stepped-workers.ts`. */
type Move =
  /** A delivery begins, of a redrive when the generation is more than 0, and goes on to its first crash point. */
  | Readonly<{ kind: 'deliver'; generation: number }>
  /** A worker goes on from where it stands to its next crash point or to its end. */
  | Readonly<{ kind: 'go-on'; worker: number }>
  /** A worker dies where it stands. */
  | Readonly<{ kind: 'crash'; worker: number }>
  /** A worker renews its lease, in time or late, or finds that it has lost it. */
  | Readonly<{ kind: 'renew'; worker: number }>
  | Readonly<{ kind: 'lapse'; leases: number }>
  | Readonly<{ kind: 'arrive' | 'decide' }>;

const moves = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('deliver' as const), generation: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('go-on' as const), worker: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), worker: fc.nat(5) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('renew' as const), worker: fc.nat(5) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('lapse' as const), leases: fc.constantFrom(1, SETTLED) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('arrive' as const, 'decide' as const) }) },
  ) satisfies fc.Arbitrary<Move>,
  { minLength: 3, maxLength: 30 },
);
const behaviours = fc.array(fc.constantFrom<Behaviour>('ok', 'lost-after', 'lost-before', 429, 422), { maxLength: 4 });

const deliver: Move = { kind: 'deliver', generation: 0 };
const lapse: Move = { kind: 'lapse', leases: 1 };
const settle: Move = { kind: 'lapse', leases: SETTLED };
const goOn = (worker: number): Move => ({ kind: 'go-on', worker });
const crash = (worker: number): Move => ({ kind: 'crash', worker });
const renew = (worker: number): Move => ({ kind: 'renew', worker });
/** Histories that chance finds now and then only. */
const examples: [Move[], Behaviour[]][] = [
  // The first owner wakes after another has looked up, found nothing and is about to call.
  [[deliver, settle, deliver], []],
  // It renews its lease late, but before anybody has noticed, and calls.
  [[deliver, lapse, renew(0), deliver, goOn(0), lapse, deliver], []],
  // It dies while its request is on the way, and another comes for the lease.
  [[deliver, goOn(0), crash(0), lapse, deliver, goOn(0), goOn(0)], []],
  // It has lost the effect to a person, and to another owner after that, and wakes.
  [[deliver, lapse, deliver, { kind: 'decide' }, deliver, renew(0), goOn(1), goOn(1), goOn(0), goOn(0)], []],
  // It wakes after another has called and died, and was turned away itself: that says nothing of the other's call.
  [[deliver, goOn(0), goOn(0), settle, deliver, goOn(1), goOn(1), crash(1), goOn(0)], [429]],
];

/** Plays a history, lets everybody end, and delivers the job until nothing more comes of it. */
async function play(declared: Declared, history: readonly Move[], script: readonly Behaviour[]) {
  outside.script(...script);
  const job = await rig.newJob();
  const { deliver, arrive, lapse, decide, outcomes } = createSteppedWorkers({ rig, database, outside }, job, declared);
  let workers: Worker[] = [];
  /** Whoever comes finds a living lease, of an owner that has nothing to report yet. */
  let isHeld = false;
  let decisions = 0;
  const chosen = (index: number): Worker | undefined => workers[index % Math.max(workers.length, 1)];
  for (const move of history) {
    switch (move.kind) {
      case 'deliver': {
        const worker = await deliver(move.generation);
        workers.push(worker);
        if (isHeld) expect([worker.isOver(), outcomes.at(-1)?.kind]).toEqual([true, 'snooze']);
        break;
      }
      case 'go-on':
        isHeld = false;
        await chosen(move.worker)?.goOn();
        break;
      case 'crash':
        await chosen(move.worker)?.crash();
        break;
      case 'renew':
        isHeld = (await chosen(move.worker)?.renew()) === true || isHeld;
        break;
      case 'lapse':
        isHeld = false;
        await lapse(move.leases);
        break;
      case 'arrive':
        await arrive();
        break;
      case 'decide':
        if (await decide()) decisions += 1;
    }
    workers = workers.filter((worker) => !worker.isOver());
  }
  const endAll = async (): Promise<void> => {
    for (const worker of workers) while (!worker.isOver()) await worker.goOn();
  };
  await endAll();
  outside.script();
  for (const generation of [3, 4, 5]) {
    await lapse(SETTLED);
    workers = [await deliver(generation)];
    await endAll();
  }
  const effects = await rig.effects(job);
  return { key: effects[0]?.key ?? '', effects, outcomes, decisions, last: outcomes.at(-1) };
}

const holds = (declared: Declared, check: (played: Awaited<ReturnType<typeof play>>) => void): Promise<void> =>
  fc.assert(
    fc.asyncProperty(moves, behaviours, async (history, script) => {
      const played = await play(declared, history, script);
      expect(played.effects).toHaveLength(1);
      for (const outcome of played.outcomes) {
        if (outcome.kind === 'done') expect(outcome.result).toEqual({ id: `done-${played.key}`, httpStatus: 200 });
      }
      check(played);
    }),
    { numRuns: RUNS, seed, examples },
  );

test('whatever comes between, an idempotent call has one effect at a server that knows its keys', async () => {
  outside.dedupe(true);
  await holds('idempotent', ({ key, last }) => {
    expect(last).toMatchObject({ kind: 'done' });
    expect(outside.effects(key)).toBe(1);
  });
  outside.dedupe(false);
});

test('whatever comes between, a queryable call has one effect at a server that does whatever it is asked', async () => {
  await holds('queryable', ({ key, last }) => {
    expect(last).toMatchObject({ kind: 'done' });
    expect(outside.effects(key)).toBe(1);
  });
});

test('whatever comes between, a call that is neither is repeated by a person alone, and is done or uncertain', async () => {
  await holds('neither', ({ key, effects, decisions, last }) => {
    expect(outside.calls(key)).toBeLessThanOrEqual(1 + decisions);
    expect(outside.effects(key)).toBeLessThanOrEqual(1);
    expect(['done', 'uncertain']).toContain(last?.kind);
    expect(effects[0]?.state).toBe(last?.kind);
    if (last?.kind === 'done') expect(outside.effects(key)).toBe(1);
  });
});
