import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import type { Declared } from '../../src/adapters/adapter.ts';
import type { CallOutcome } from '../../src/workers/effect-log.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { startOutsideServer } from '../support/outside-server.ts';
import type { Behaviour, OutsideServer } from '../support/outside-server.ts';
import { createEffectRig, LEASE_MS } from './effects-setup.ts';
import type { Job, Rig } from './effects-setup.ts';

/** Set it to the seed that a failed run has printed, to see the same histories again. */
const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
const RUNS = 80;

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

/** What happens next to one job; `worker` chooses among those that are at work. */
type Move =
  /** A delivery begins, of a redrive when the generation is more than 0, and goes on to its first crash point. */
  | Readonly<{ kind: 'deliver'; generation: number }>
  /** A worker goes on from where it stands to its next crash point or to its end. */
  | Readonly<{ kind: 'go-on'; worker: number }>
  /** A worker dies where it stands. */
  | Readonly<{ kind: 'crash'; worker: number }>
  /** Every owner has been silent for longer than its lease. */
  | Readonly<{ kind: 'lapse' }>;

const moves = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('deliver' as const), generation: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('go-on' as const), worker: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), worker: fc.nat(5) }) },
    { weight: 4, arbitrary: fc.constant({ kind: 'lapse' as const }) },
  ) satisfies fc.Arbitrary<Move>,
  { minLength: 3, maxLength: 25 },
);
const behaviours = fc.array(fc.constantFrom<Behaviour>('ok', 'lost-after', 'lost-before', 429, 422), { maxLength: 4 });

const deliver: Move = { kind: 'deliver', generation: 0 };
const lapse: Move = { kind: 'lapse' };
/** Histories that chance finds now and then only. */
const examples: [Move[], Behaviour[]][] = [
  // The first owner wakes after another has looked up, found nothing and is about to call.
  [[deliver, lapse, deliver], []],
  // It wakes after another has called and died, and was turned away itself: that says nothing of the other's call.
  [
    [
      deliver,
      { kind: 'go-on', worker: 0 },
      lapse,
      deliver,
      { kind: 'go-on', worker: 1 },
      { kind: 'crash', worker: 1 },
      { kind: 'go-on', worker: 0 },
    ],
    [429],
  ],
];

/** One delivery under way: it stops at every crash point until it is told what happens there. */
type Worker = Readonly<{
  /** Whether it has ended or died. */
  isOver(): boolean;
  goOn(): Promise<void>;
  crash(): Promise<void>;
}>;

function createWorkers(job: Job, declared: Declared) {
  let now = Date.now();
  const outcomes: CallOutcome[] = [];

  async function deliver(generation: number): Promise<Worker> {
    let atPoint: { pass: () => void; die: (error: Error) => void } | undefined;
    let isOver = false;
    let stopped: () => void = () => undefined;
    const nextStop = (): Promise<void> => new Promise((resolve) => (stopped = resolve));
    const move = async (act: () => void): Promise<void> => {
      const stop = nextStop();
      atPoint = undefined;
      act();
      await stop;
    };
    const first = nextStop();
    rig
      .attempt(job, {
        adapter: outside.adapter(declared),
        generation,
        now: () => new Date(now),
        reached: () =>
          new Promise<void>((pass, die) => {
            atPoint = { pass, die };
            stopped();
          }),
      })
      .then(
        (outcome) => void outcomes.push(outcome),
        (error: unknown) => {
          if (!(error instanceof Error) || error.message !== 'crash') throw error;
        },
      )
      .finally(() => {
        isOver = true;
        stopped();
      })
      // An error that is no crash fails the property, below, by the missing end.
      .catch((error: unknown) => console.error(error));
    await first;
    return {
      isOver: () => isOver,
      goOn: () => (atPoint === undefined ? Promise.resolve() : move(atPoint.pass)),
      crash: () => {
        const { die } = atPoint ?? {};
        return die === undefined ? Promise.resolve() : move(() => die(new Error('crash')));
      },
    };
  }

  return {
    outcomes,
    deliver,
    lapse: async () => {
      now += LEASE_MS;
      await rig.lapse(job);
    },
  };
}

/** Plays a history, lets everybody end, and delivers the job until nothing more comes of it. */
async function play(declared: Declared, history: readonly Move[], script: readonly Behaviour[]) {
  outside.script(...script);
  const job = await rig.newJob();
  const { deliver, lapse, outcomes } = createWorkers(job, declared);
  let workers: Worker[] = [];
  const chosen = (index: number): Worker | undefined => workers[index % Math.max(workers.length, 1)];
  for (const move of history) {
    if (move.kind === 'deliver') workers.push(await deliver(move.generation));
    if (move.kind === 'go-on') await chosen(move.worker)?.goOn();
    if (move.kind === 'crash') await chosen(move.worker)?.crash();
    if (move.kind === 'lapse') await lapse();
    workers = workers.filter((worker) => !worker.isOver());
  }
  const endAll = async (): Promise<void> => {
    for (const worker of workers) while (!worker.isOver()) await worker.goOn();
  };
  await endAll();
  outside.script();
  for (const generation of [3, 4, 5]) {
    await lapse();
    workers = [await deliver(generation)];
    await endAll();
  }
  const effects = await rig.effects(job);
  return { key: effects[0]?.key ?? '', effects, outcomes, last: outcomes.at(-1) };
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

test('whatever comes between, a call that is neither is never made twice, and is done or uncertain', async () => {
  await holds('neither', ({ key, effects, last }) => {
    expect(outside.calls(key)).toBeLessThanOrEqual(1);
    expect(['done', 'uncertain']).toContain(last?.kind);
    expect(effects[0]?.state).toBe(last?.kind);
    if (last?.kind === 'done') expect(outside.effects(key)).toBe(1);
  });
});
