import { randomUUID } from 'node:crypto';
import type { Declared, OutboundAdapter, OutboundResult } from '../../src/adapters/adapter.ts';
import type { CallOutcome } from '../../src/workers/effect-log.ts';
import { resolveEffect } from '../../src/workers/resolve-effect.ts';
import type { TestDatabase } from '../support/database.ts';
import type { OutsideServer } from '../support/outside-server.ts';
import { LEASE_MS } from './effects-setup.ts';
import type { Job, Rig } from './effects-setup.ts';

/**
 * One delivery under way. It stops at every crash point, and when its request is on the way to the other side, until it
 * is told what happens there.
 */
export type Worker = Readonly<{
  /** Whether it has ended or died. */
  isOver(): boolean;
  goOn(): Promise<void>;
  /** It dies where it stands; a request that is on its way goes on. */
  crash(): Promise<void>;
  /** Whether its lease lives on; false also when it has none. */
  renew(): Promise<boolean>;
}>;

export type SteppedWorkers = Readonly<{
  /** Of those that ended, in their order. */
  outcomes: readonly CallOutcome[];
  /** Begins a delivery, which goes on to its first stop. */
  deliver(generation: number): Promise<Worker>;
  /** The oldest request that is on its way is there. */
  arrive(): Promise<void>;
  /** The time of so many leases passes. What is on its way is there one after its caller waits no more, at the latest. */
  lapse(leases: number): Promise<void>;
  /** A person who knows what was done outside decides about the effect, if it is uncertain. Answers whether it was. */
  decide(): Promise<boolean>;
}>;

type Deps = Readonly<{ rig: Rig; database: TestDatabase; outside: OutsideServer }>;

/** Of one request. */
type OnItsWay = Readonly<{ arrivesBefore: number; arrive: () => Promise<OutboundResult> }>;

export function createSteppedWorkers({ rig, database, outside }: Deps, job: Job, declared: Declared): SteppedWorkers {
  let now = Date.now();
  const outcomes: CallOutcome[] = [];
  const onTheirWay = new Set<OnItsWay>();

  async function deliver(generation: number): Promise<Worker> {
    let atStop: { pass: () => void; die: () => void } | undefined;
    let isOver = false;
    let renew: (() => Promise<boolean>) | undefined;
    let stopped: () => void = () => undefined;
    const nextStop = (): Promise<void> => new Promise((resolve) => (stopped = resolve));
    const move = async (how: 'pass' | 'die'): Promise<void> => {
      const act = atStop?.[how];
      if (act === undefined) return;
      const stop = nextStop();
      atStop = undefined;
      act();
      await stop;
    };
    const end = (): void => {
      isOver = true;
      stopped();
    };
    const stopAt = (pass: () => void, die: () => void): void => {
      atStop = { pass, die };
      stopped();
    };

    const first = nextStop();
    rig
      .attempt(job, {
        // Who dies then hears of nothing any more.
        adapter: sendingSlowly((isSent) => stopAt(isSent, end)),
        generation,
        now: () => new Date(now),
        renewals: (act) => (renew = act),
        reached: () => new Promise<void>((pass, fail) => stopAt(pass, () => fail(new Error('crash')))),
      })
      .then(
        (outcome) => void outcomes.push(outcome),
        (error: unknown) => {
          if (!(error instanceof Error) || error.message !== 'crash') throw error;
        },
      )
      .finally(end)
      // An error that is no crash fails the property by the missing end.
      .catch((error: unknown) => console.error(error));
    await first;
    return {
      isOver: () => isOver,
      goOn: () => move('pass'),
      crash: () => move('die'),
      renew: () => (isOver ? undefined : renew?.()) ?? Promise.resolve(false),
    };
  }

  function sendingSlowly(sending: (isSent: () => void) => void): OutboundAdapter {
    const adapter = outside.adapter(declared);
    return {
      ...adapter,
      async call(request, context) {
        let answer: Promise<OutboundResult> | undefined;
        const onItsWay: OnItsWay = {
          arrivesBefore: context.deadline.getTime() + LEASE_MS,
          arrive: () => {
            onTheirWay.delete(onItsWay);
            return (answer ??= adapter.call(request, context));
          },
        };
        onTheirWay.add(onItsWay);
        await new Promise<void>(sending);
        return onItsWay.arrive();
      },
    };
  }

  /** What is answered is for its caller, if that still lives. */
  async function arrives({ arrive }: OnItsWay): Promise<void> {
    await arrive().catch(() => undefined);
  }

  return {
    outcomes,
    deliver,
    async arrive() {
      for (const oldest of [...onTheirWay].slice(0, 1)) await arrives(oldest);
    },
    async lapse(leases) {
      now += leases * LEASE_MS;
      for (const each of onTheirWay) if (each.arrivesBefore <= now) await arrives(each);
      await rig.pass(job, leases * LEASE_MS);
    },
    async decide() {
      const [effect] = await rig.effects(job);
      if (effect?.state !== 'uncertain' || onTheirWay.size > 0) return false;
      const { key } = effect;
      const isDone = outside.effects(key) > 0;
      await resolveEffect(
        { pool: database.pool, clock: { now: () => new Date(now) }, newId: randomUUID },
        {
          effectId: key,
          reason: 'seen in their log',
          by: 'ada',
          ...(isDone ? { decision: 'done', result: { id: `done-${key}`, httpStatus: 200 } } : { decision: 'repeat' }),
        },
      );
      return true;
    },
  };
}
