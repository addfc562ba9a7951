import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Declared, OutboundAdapter } from '../../src/adapters/adapter.ts';
import type { CallPoint } from '../../src/workers/effect-log.ts';
import { renewLease } from '../../src/workers/intents.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startOutsideServer } from '../support/outside-server.ts';
import type { OutsideServer } from '../support/outside-server.ts';
import { CALL_MS, createEffectRig, LEASE_MS } from './effects-setup.ts';
import type { Rig } from './effects-setup.ts';

let database: TestDatabase;
let outside: OutsideServer;
let rig: Rig;

beforeAll(async () => {
  database = await createTestDatabase();
  outside = await startOutsideServer();
  rig = createEffectRig(database, outside);
});
afterEach(() => {
  outside.script();
  outside.during(undefined);
  outside.dedupe(false);
});
afterAll(async () => {
  await outside.close();
  await database.drop();
});

const DECLARED: readonly Declared[] = ['idempotent', 'queryable', 'neither'];

class Crash extends Error {}

const crashAt =
  (where: CallPoint) =>
  (point: CallPoint): void => {
    if (point === where) throw new Crash(`at ${point}`);
  };

const keyOf = async (job: Parameters<Rig['effects']>[0]): Promise<string> => (await rig.effects(job))[0]?.key ?? '';
const doneAs = (key: string) => ({ kind: 'done', result: { id: `done-${key}`, httpStatus: 200 } });

describe.each(DECLARED)('a call by an adapter that is %s', (declared) => {
  const adapter = (): OutboundAdapter => outside.adapter(declared);

  test('is intended before, made without a transaction open, and done after', async () => {
    const job = await rig.newJob();
    const during: unknown[] = [];
    outside.during(async () => {
      const [effect] = await rig.effects(job);
      during.push(effect?.state, effect?.['is_unanswered'], effect?.['calls'], effect?.['result']);
      during.push(
        await rig.rows(
          `select state from pg_stat_activity
           where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()
             and backend_type = 'client backend'`,
        ),
      );
    });
    const outcome = await rig.attempt(job, { adapter: adapter() });
    expect(during).toEqual(['open', true, 1, null, []]);
    const [effect] = await rig.effects(job);
    expect(outcome).toEqual(doneAs(effect?.key ?? ''));
    expect(effect).toMatchObject({
      state: 'done',
      declared,
      adapter: 'outside',
      position: job.message.position,
      is_unanswered: false,
      error: null,
      result: { id: `done-${effect?.key}`, httpStatus: 200 },
    });
    expect(outside.calls(effect?.key ?? '')).toBe(1);
  });

  test('that is done is not made again, by another generation neither, and answers the same', async () => {
    const job = await rig.newJob();
    const first = await rig.attempt(job, { adapter: adapter() });
    expect(await rig.attempt(job, { adapter: adapter() })).toEqual(first);
    expect(await rig.attempt(job, { adapter: adapter(), generation: 3 })).toEqual(first);
    expect(outside.calls(await keyOf(job))).toBe(1);
  });

  test('is made again for another replay, under another key', async () => {
    const job = await rig.newJob();
    await rig.attempt(job, { adapter: adapter() });
    await rig.attempt(job, { adapter: adapter(), replayId: 'rerun-1' });
    const effects = await rig.effects(job);
    expect(effects.map((effect) => outside.calls(effect.key))).toEqual([1, 1]);
  });

  test('is left to its owner while the lease lives, by another generation, too', async () => {
    const job = await rig.newJob();
    await expect(rig.attempt(job, { adapter: adapter(), reached: crashAt('intended') })).rejects.toThrow(Crash);
    for (const generation of [0, 1]) {
      const outcome = await rig.attempt(job, { adapter: adapter(), generation });
      expect(outcome).toMatchObject({ kind: 'snooze' });
      const delayMs = outcome.kind === 'snooze' ? outcome.delayMs : 0;
      expect(delayMs).toBeGreaterThan(LEASE_MS / 2);
      expect(delayMs).toBeLessThanOrEqual(LEASE_MS);
    }
    expect(outside.calls(await keyOf(job))).toBe(0);
  });

  test('is made by one of two that come at once', async () => {
    const job = await rig.newJob();
    const outcomes = await Promise.all([
      rig.attempt(job, { adapter: adapter(), owner: 'one' }),
      rig.attempt(job, { adapter: adapter(), owner: 'two', generation: 1 }),
    ]);
    const key = await keyOf(job);
    expect(outcomes).toContainEqual(doneAs(key));
    expect(outside.calls(key)).toBe(1);
    expect(await rig.attempt(job, { adapter: adapter() })).toEqual(doneAs(key));
  });

  test('that was turned away is made later, when the other side has asked for it', async () => {
    const job = await rig.newJob();
    outside.script(429);
    expect(await rig.attempt(job, { adapter: adapter() })).toMatchObject({ kind: 'retry', retryAfterMs: 7_000 });
    expect(await rig.effects(job)).toMatchObject([{ state: 'open', is_unanswered: false }]);
    expect(await rig.attempt(job, { adapter: adapter() })).toMatchObject({ kind: 'done' });
    expect(outside.calls(await keyOf(job))).toBe(1);
  });

  test('that is refused for good ends the job, and is made by a redrive', async () => {
    const job = await rig.newJob();
    outside.script(422);
    expect(await rig.attempt(job, { adapter: adapter() })).toMatchObject({ kind: 'dead', cause: 'call-refused' });
    expect(await rig.attempt(job, { adapter: adapter(), generation: 1 })).toMatchObject({ kind: 'done' });
    expect(await rig.effects(job)).toMatchObject([{ state: 'done', generation: 1, error: null }]);
  });

  test('leaves nothing in doubt when it is stopped before it begins', async () => {
    const job = await rig.newJob();
    const stop = new AbortController();
    const reached = (): void => stop.abort();
    const outcome = await rig.attempt(job, { adapter: adapter(), signal: stop.signal, reached });
    expect(outcome).toEqual({ kind: 'snooze', delayMs: 0 });
    expect(await rig.effects(job)).toMatchObject([{ state: 'open', is_unanswered: false }]);
    expect(await rig.attempt(job, { adapter: adapter() })).toMatchObject({ kind: 'done' });
  });

  test('does not begin when its process slept through the time for it', async () => {
    const job = await rig.newJob();
    let now = Date.now();
    const reached = (): void => void (now += LEASE_MS);
    const outcome = await rig.attempt(job, { adapter: adapter(), now: () => new Date(now), reached });
    expect(outcome).toMatchObject({ kind: 'retry' });
    expect(outside.calls(await keyOf(job))).toBe(0);
  });

  test('does not begin when the time for it is over, although its lease was kept', async () => {
    const job = await rig.newJob();
    let now = Date.now();
    let renew: () => Promise<boolean> = () => Promise.resolve(false);
    const outcome = await rig.attempt(job, {
      adapter: adapter(),
      now: () => new Date(now),
      renewals: (act) => (renew = act),
      reached: async () => {
        now += CALL_MS;
        expect(await renew()).toBe(true);
      },
    });
    expect(outcome).toMatchObject({ kind: 'retry' });
    expect(outside.calls(await keyOf(job))).toBe(0);
  });

  test('is reported again while PostgreSQL refuses the report', async () => {
    const job = await rig.newJob();
    const grant = (verb: string) =>
      rig.rows(`${verb} update on hookledger.intents ${verb === 'grant' ? 'to' : 'from'} hookledger_app`);
    let pauses = 0;
    const outcome = await rig.attempt(job, {
      adapter: adapter(),
      reached: async (point) => {
        if (point === 'answered') await grant('revoke');
      },
      pause: async () => {
        pauses += 1;
        if (pauses === 2) await grant('grant');
      },
    });
    expect(outcome).toMatchObject({ kind: 'done' });
    expect(pauses).toBe(2);
    expect(outside.calls(await keyOf(job))).toBe(1);
  });

  test('has its result, too, when the crash came between the report and the inbox', async () => {
    const job = await rig.newJob();
    await expect(rig.attempt(job, { adapter: adapter(), reached: crashAt('reported') })).rejects.toThrow(Crash);
    expect(await rig.attempt(job, { adapter: adapter() })).toEqual(doneAs(await keyOf(job)));
    expect(outside.calls(await keyOf(job))).toBe(1);
  });
});

describe.each<[CallPoint, number]>([
  ['intended', 0],
  ['answered', 1],
])('after a crash when the call was %s', (point, made) => {
  async function crashed(declared: Declared) {
    const job = await rig.newJob();
    const adapter = outside.adapter(declared);
    await expect(rig.attempt(job, { adapter, reached: crashAt(point) })).rejects.toThrow(Crash);
    await rig.lapse(job);
    const outcome = await rig.attempt(job, { adapter });
    return { job, adapter, key: await keyOf(job), outcome };
  }

  test('an idempotent one is made again under the same key', async () => {
    outside.dedupe(true);
    const { key, outcome } = await crashed('idempotent');
    expect(outcome).toEqual(doneAs(key));
    expect([outside.calls(key), outside.effects(key)]).toEqual([made + 1, 1]);
  });

  test('a queryable one is looked up, and made only if it was not', async () => {
    const { key, outcome } = await crashed('queryable');
    expect(outcome).toEqual(doneAs(key));
    expect(outside.calls(key)).toBe(1);
  });

  test('one that is neither is uncertain, and nobody repeats it', async () => {
    const { job, adapter, key, outcome } = await crashed('neither');
    expect(outcome).toMatchObject({ kind: 'uncertain', effectId: key });
    expect(await rig.attempt(job, { adapter, generation: 1 })).toMatchObject({ kind: 'uncertain', effectId: key });
    expect(outside.calls(key)).toBe(made);
    expect(await rig.effects(job)).toMatchObject([{ state: 'uncertain', error: expect.stringContaining('(test)') }]);
  });
});

describe.each(['lost-before', 'lost-after'] as const)('when the answer is %s the call', (behaviour) => {
  async function lost(declared: Declared) {
    const job = await rig.newJob();
    const adapter = outside.adapter(declared);
    outside.script(behaviour);
    const first = await rig.attempt(job, { adapter });
    return { job, adapter, key: await keyOf(job), first };
  }

  test('an idempotent one is retried at once, under the same key', async () => {
    outside.dedupe(true);
    const { job, adapter, key, first } = await lost('idempotent');
    expect(first).toMatchObject({ kind: 'retry', reason: expect.stringContaining(key) });
    expect(await rig.attempt(job, { adapter })).toEqual(doneAs(key));
    expect(outside.effects(key)).toBe(1);
  });

  test('a queryable one waits for as long as the call may be on its way, and is looked up', async () => {
    const { job, adapter, key, first } = await lost('queryable');
    expect(first).toMatchObject({ kind: 'retry' });
    await rig.pass(job, CALL_MS);
    const next = await rig.attempt(job, { adapter });
    expect(next).toMatchObject({ kind: 'snooze' });
    const delayMs = next.kind === 'snooze' ? next.delayMs : 0;
    expect(delayMs).toBeGreaterThan(LEASE_MS / 2);
    expect(delayMs).toBeLessThanOrEqual(LEASE_MS);
    await rig.pass(job, delayMs);
    expect(await rig.attempt(job, { adapter })).toEqual(doneAs(key));
    expect(outside.effects(key)).toBe(1);
  });

  test('one that is neither is uncertain at once', async () => {
    const { key, first } = await lost('neither');
    expect(first).toMatchObject({ kind: 'uncertain', effectId: key });
    expect(outside.calls(key)).toBe(1);
  });
});

describe('the lease of a living owner', () => {
  /** What its renewals do is done by hand. */
  const byHand = () => {
    const kept: { renew?: () => Promise<boolean> } = {};
    return {
      renewals: (renew: () => Promise<boolean>) => void (kept.renew = renew),
      renew: async () => kept.renew?.(),
    };
  };

  test.each(DECLARED)('is renewed while the call is under way, and nobody takes it over: %s', async (declared) => {
    const job = await rig.newJob();
    const adapter = outside.adapter(declared);
    const { renewals, renew } = byHand();
    const seen: unknown[] = [];
    outside.during(async () => {
      for (let lease = 0; lease < 3; lease += 1) {
        await rig.pass(job, 0.9 * LEASE_MS);
        seen.push(await renew(), await rig.attempt(job, { adapter, owner: 'other' }));
      }
    });
    const outcome = await rig.attempt(job, { adapter, renewals });
    const key = await keyOf(job);
    const snooze = expect.objectContaining({ kind: 'snooze' });
    expect(seen).toEqual([true, snooze, true, snooze, true, snooze]);
    expect(outcome).toEqual(doneAs(key));
    expect(outside.calls(key)).toBe(1);
  });

  test('is renewed by itself, several times in a lease', async () => {
    const job = await rig.newJob();
    const leases: unknown[] = [];
    outside.during(() =>
      eventually(async () => {
        leases.push((await rig.effects(job))[0]?.['lease_until']);
        expect(new Set(leases.map(String)).size).toBeGreaterThan(2);
      }),
    );
    expect(await rig.attempt(job, { leaseMs: 1_000 })).toMatchObject({ kind: 'done' });
  });

  test('comes back when it ran out and nobody has noticed', async () => {
    const job = await rig.newJob();
    const { renewals, renew } = byHand();
    outside.during(async () => {
      await rig.lapse(job);
      expect(await renew()).toBe(true);
      expect(await rig.attempt(job, { owner: 'other' })).toMatchObject({ kind: 'snooze' });
    });
    expect(await rig.attempt(job, { renewals })).toEqual(doneAs(await keyOf(job)));
  });

  test('is lost to whoever has taken the effect over, and then nothing is begun any more', async () => {
    outside.dedupe(true);
    const job = await rig.newJob();
    const { renewals, renew } = byHand();
    const outcome = await rig.attempt(job, {
      owner: 'late',
      renewals,
      reached: async (point) => {
        if (point !== 'intended') return;
        await rig.lapse(job);
        await expect(rig.attempt(job, { owner: 'next', reached: crashAt('intended') })).rejects.toThrow(Crash);
        expect(await renew()).toBe(false);
      },
    });
    expect(outcome).toMatchObject({ kind: 'snooze' });
    expect(await rig.effects(job)).toMatchObject([{ state: 'open', owner: 'next', is_unanswered: true }]);
    expect(outside.calls(await keyOf(job))).toBe(0);
  });

  test('is lost in the middle of a call, whose result counts all the same when nobody has called after it', async () => {
    const job = await rig.newJob();
    const adapter = outside.adapter('neither');
    const { renewals, renew } = byHand();
    outside.during(async () => {
      await rig.lapse(job);
      expect(await rig.attempt(job, { adapter, owner: 'other' })).toMatchObject({ kind: 'uncertain' });
      expect(await renew()).toBe(false);
    });
    const outcome = await rig.attempt(job, { adapter, renewals });
    expect(outcome).toEqual(doneAs(await keyOf(job)));
    expect(await rig.effects(job)).toMatchObject([{ state: 'done', is_unanswered: false }]);
  });

  test('is lost in the middle of a look-up, which is given up', async () => {
    const job = await rig.newJob();
    const adapter = outside.adapter('queryable');
    if (adapter.declared !== 'queryable') throw new Error('made otherwise than asked for');
    await expect(rig.attempt(job, { adapter, reached: crashAt('answered') })).rejects.toThrow(Crash);
    await rig.lapse(job);
    const { renewals, renew } = byHand();
    const slow: OutboundAdapter = {
      ...adapter,
      lookUp: async (_request, { signal }) => {
        await rig.lapse(job);
        expect(await rig.attempt(job, { adapter, owner: 'other' })).toMatchObject({ kind: 'done' });
        expect(signal.aborted).toBe(false);
        expect(await renew()).toBe(false);
        signal.throwIfAborted();
        return { kind: 'not-found' };
      },
    };
    expect(await rig.attempt(job, { adapter: slow, renewals })).toMatchObject({ kind: 'snooze' });
    expect(outside.calls(await keyOf(job))).toBe(1);
  });

  test('ends with the report, and a renewal that comes after it does not bring it back', async () => {
    const job = await rig.newJob();
    const { renewals, renew } = byHand();
    outside.script('lost-before');
    expect(await rig.attempt(job, { renewals })).toMatchObject({ kind: 'retry' });
    const [effect] = await rig.effects(job);
    expect(await renewLease(database.pool, effect?.key ?? '', String(effect?.['token']), LEASE_MS)).toBe(false);
    expect(await renew()).toBe(false);
    expect(await rig.attempt(job)).toMatchObject({ kind: 'done' });
  });
});

describe('a late owner', () => {
  /** Calls, and is silent until the lease is over and `meanwhile` has happened. */
  const late = (job: Parameters<Rig['attempt']>[0], declared: Declared, meanwhile: () => Promise<unknown>) =>
    rig.attempt(job, {
      adapter: outside.adapter(declared),
      owner: 'late',
      reached: async (point) => {
        if (point !== 'answered') return;
        await rig.lapse(job);
        await meanwhile();
      },
    });

  test('reports what nobody else has repeated: the effect is uncertain no more, and its job is redriven', async () => {
    const job = await rig.newJob();
    const outcome = await late(job, 'neither', async () => {
      expect(await rig.attempt(job, { adapter: outside.adapter('neither') })).toMatchObject({ kind: 'uncertain' });
    });
    const key = await keyOf(job);
    expect(outcome).toEqual(doneAs(key));
    expect(await rig.effects(job)).toMatchObject([{ state: 'done', is_unanswered: false, error: null }]);
    expect(
      await rig.rows(
        `select e.type, e.data ->> 'by' as by, o.generation, o.queue from hookledger.outbox o
         join hookledger.events e on e.type = 'JobRedriven' and e.data -> 'jobs' -> 0 ->> 'position' = o.target_position::text
         where o.target_position = $1 and o.generation > 0`,
        [job.message.position],
      ),
    ).toEqual([{ type: 'JobRedriven', by: 'hookledger', generation: 1, queue: 'integration-tasks' }]);
  });

  test('that certainly did nothing reopens what was uncertain', async () => {
    const job = await rig.newJob();
    outside.script(429);
    await late(job, 'neither', () => rig.attempt(job, { adapter: outside.adapter('neither') }));
    expect(await rig.effects(job)).toMatchObject([{ state: 'open', is_unanswered: false }]);
    expect(await rig.attempt(job, { adapter: outside.adapter('neither'), generation: 1 })).toMatchObject({
      kind: 'done',
    });
    expect(outside.calls(await keyOf(job))).toBe(1);
  });

  test('counts for nothing once another has called', async () => {
    outside.dedupe(true);
    const job = await rig.newJob();
    const outcome = await late(job, 'idempotent', async () => {
      await expect(
        rig.attempt(job, { adapter: outside.adapter('idempotent'), owner: 'next', reached: crashAt('answered') }),
      ).rejects.toThrow(Crash);
    });
    expect(outcome).toMatchObject({ kind: 'snooze' });
    expect(await rig.effects(job)).toMatchObject([{ state: 'open', owner: 'next', is_unanswered: true }]);
  });

  test('is heard before a look-up ends, and nothing is called again', async () => {
    const job = await rig.newJob();
    const adapter = outside.adapter('queryable');
    if (adapter.declared !== 'queryable') throw new Error('made otherwise than asked for');
    let reportNow: () => void = () => undefined;
    const isLookingUp = new Promise<void>((resolve) => (reportNow = resolve));
    const first: { outcome?: Promise<unknown> } = {};
    const slow: OutboundAdapter = {
      ...adapter,
      lookUp: async () => {
        reportNow();
        await first.outcome;
        return { kind: 'not-found' };
      },
    };
    let second: Promise<unknown> = Promise.resolve();
    first.outcome = late(job, 'queryable', async () => {
      second = rig.attempt(job, { adapter: slow, owner: 'looks' });
      await isLookingUp;
    });
    const key = await first.outcome.then(() => keyOf(job));
    expect(await first.outcome).toEqual(doneAs(key));
    expect(await second).toMatchObject({ kind: 'snooze' });
    expect(outside.calls(key)).toBe(1);
  });
});

describe('what the other side says', () => {
  const made = (act: Pick<OutboundAdapter, 'call'>): OutboundAdapter => ({
    name: 'outside',
    declared: 'idempotent',
    ...act,
  });

  test('is kept although PostgreSQL does not take all of it', async () => {
    const job = await rig.newJob();
    const adapter = made({ call: () => Promise.resolve({ id: 'a\0b\ud800', n: 1 }) });
    const outcome = await rig.attempt(job, { adapter });
    expect(outcome).toEqual({ kind: 'done', result: { id: 'a\ufffdb\ufffd', n: 1 } });
    expect(await rig.attempt(job, { adapter })).toEqual(outcome);
  });

  test('is not in the reason when an adapter throws what nobody vetted', async () => {
    const job = await rig.newJob();
    const adapter = made({ call: () => Promise.reject(new TypeError('Ada has +15550100')) });
    const outcome = await rig.attempt(job, { adapter });
    expect(outcome).toEqual({ kind: 'retry', reason: 'The adapter outside threw TypeError.' });
    expect(await rig.effects(job)).toMatchObject([{ error: 'The adapter outside threw TypeError.' }]);
  });

  test('when it cannot be looked up keeps the effect open and calls nothing', async () => {
    const job = await rig.newJob();
    const adapter = outside.adapter('queryable');
    if (adapter.declared !== 'queryable') throw new Error('made otherwise than asked for');
    await expect(rig.attempt(job, { adapter, reached: crashAt('answered') })).rejects.toThrow(Crash);
    await rig.lapse(job);
    const blind: OutboundAdapter = {
      ...adapter,
      lookUp: () => Promise.resolve({ kind: 'unknown', reason: 'it is 503' }),
    };
    const broken: OutboundAdapter = { ...adapter, lookUp: () => Promise.reject(new TypeError('Ada')) };
    expect(await rig.attempt(job, { adapter: blind })).toEqual({ kind: 'retry', reason: 'it is 503' });
    expect(await rig.attempt(job, { adapter: broken })).toMatchObject({ kind: 'retry' });
    expect(await rig.attempt(job, { adapter })).toMatchObject({ kind: 'done' });
    expect(outside.calls(await keyOf(job))).toBe(1);
  });
});

describe('a job', () => {
  test('that asks an adapter that is not there is dead, and nothing is intended', async () => {
    const job = await rig.newJob();
    expect(await rig.attempt(job, { call: { adapter: 'nobody' } })).toMatchObject({
      kind: 'dead',
      cause: 'unknown-adapter',
    });
    expect(await rig.effects(job)).toEqual([]);
  });

  test('that asks otherwise under a key that may have been used is dead; a person decides', async () => {
    const job = await rig.newJob();
    await expect(rig.attempt(job, { reached: crashAt('answered') })).rejects.toThrow(Crash);
    await rig.lapse(job);
    const call = { request: { to: 'somebody else' } };
    expect(await rig.attempt(job, { call })).toMatchObject({ kind: 'dead', cause: 'request-changed' });
    expect(outside.calls(await keyOf(job))).toBe(1);
  });

  test('of two events that name one effect makes one call', async () => {
    const call = { effectKey: 'pi_1#payment' };
    const jobs = [await rig.newJob({ call: 'one-call' }), await rig.newJob({ call: 'one-call' })] as const;
    const first = await rig.attempt(jobs[0], { call });
    expect(await rig.attempt(jobs[1], { call })).toEqual(first);
    expect(await rig.effects(jobs[1])).toEqual([]);
    expect(outside.calls(await keyOf(jobs[0]))).toBe(1);
  });

  test('whose handler begins to name an effect key keeps the key that its call has', async () => {
    const job = await rig.newJob();
    await expect(rig.attempt(job, { reached: crashAt('answered') })).rejects.toThrow(Crash);
    await rig.lapse(job);
    const key = await keyOf(job);
    expect(await rig.attempt(job, { call: { effectKey: 'new' } })).toEqual(doneAs(key));
    expect(outside.calls(key)).toBe(2);
  });
});
