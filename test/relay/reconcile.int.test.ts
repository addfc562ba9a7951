import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { QUEUES } from '../../src/domain/queues.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createReconciler } from '../../src/relay/reconcile.ts';
import type { Look, ReconcilerDeps } from '../../src/relay/reconcile.ts';
import { createReconcileRunner } from '../../src/relay/run-reconcile.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import { TransportUnavailableError } from '../../src/transports/transport.ts';
import type { Delivery, Transport } from '../../src/transports/transport.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const logger = createLogger({ level: 'silent' });
const QUEUE = 'ingress-events';

let database: TestDatabase;
/** Jobs are published here. To put another in its place is to lose what it held. */
let transport: Transport;
let former: Transport[];
let epoch: bigint;
const opened: Transport[] = [];

function newTransport(): Transport {
  const made = createMemoryTransport({ logger });
  opened.push(made);
  return made;
}

beforeEach(async () => {
  database = await createTestDatabase();
  await database.adminPool.query(`insert into hookledger.tenants (id, name) values ('tnt_a', 'a'), ('tnt_b', 'b')`);
  transport = newTransport();
  former = [];
  epoch = 0n;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
  await database.drop();
});

const transports = () => Promise.resolve({ epoch, inForce: transport, former });

function reconciler(options: Partial<ReconcilerDeps> = {}) {
  return createReconciler({ pool: database.pool, logger, transports, ...options });
}

function runner(owner = 'a', options: Partial<ReconcilerDeps> = {}) {
  const deps = { pool: database.pool, logger, transports, onAppended: () => undefined, ...options };
  return createReconcileRunner({ ...deps, owner });
}

const everything: Look = { everything: true, by: 'ada', reason: 'a test' };

/** So many jobs on ingress-events, published. */
async function publishJobs(jobs: number, tenantId = 'tnt_a'): Promise<void> {
  const calls = Array.from({ length: jobs }, () => `call_${randomUUID()}`);
  await recordWebhooks(database.pool, [webhookRecord({ key: randomUUID(), calls, tenantId })]);
  await publish();
}

/** What the outbox holds. */
async function publish(): Promise<void> {
  const tracker = createHighWaterMarkTracker({ pool: database.pool, logger, owner: 'test' });
  await tracker.tick();
  await tracker.close();
  const relay = createOutboxRelay({ pool: database.pool, transport, queues: QUEUES, logger, owner: randomUUID() });
  while ((await relay.tick()) > 0);
  await relay.close();
}

async function end({ message }: Delivery, outcome: 'done' | 'dead' = 'done'): Promise<void> {
  await database.adminPool.query(
    `insert into hookledger.inbox as i (position, queue, replay_id, tenant_id, generation, outcome)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (position, queue, replay_id) do update set outcome = excluded.outcome, generation = excluded.generation
     where i.outcome <> 'done' and i.generation < excluded.generation`,
    [message.position, message.queue, message.replayId, message.tenantId, message.generation, outcome],
  );
}

/** Handles so many jobs and ends each; answers their generations. */
async function handleJobs(jobs: number, outcome: 'done' | 'dead' = 'done'): Promise<readonly number[]> {
  const generations: number[] = [];
  const taken = Promise.withResolvers<void>();
  const consumer = await transport.consume(QUEUE, {
    concurrency: 1,
    handle: async (delivery) => {
      if (generations.length === jobs) {
        taken.resolve();
        return { kind: 'snooze', delayMs: 3_600_000 };
      }
      await end(delivery, outcome);
      generations.push(delivery.message.generation);
      if (generations.length === jobs) taken.resolve();
      return { kind: 'ack' };
    },
    abandoned: async () => undefined,
  });
  await taken.promise;
  await consumer.close(5_000);
  return generations;
}

async function generationsOf(): Promise<Record<number, number>> {
  const { rows } = await database.adminPool.query<{ generation: number; rows: number }>(
    'select generation, count(*)::integer as rows from hookledger.outbox group by generation order by generation',
  );
  return Object.fromEntries(rows.map(({ generation, rows: count }) => [generation, count]));
}

async function repetitions(): Promise<readonly unknown[]> {
  const { rows } = await database.adminPool.query(
    `select tenant_id, data ->> 'by' as by, data ->> 'reason' as reason, jsonb_array_length(data -> 'jobs') as jobs
     from hookledger.events where type = 'JobRepublished' order by tenant_id, position`,
  );
  return rows;
}

/** As if everything that was recorded so far had been there for two minutes. */
async function age(): Promise<void> {
  await database.adminPool.query(
    `insert into hookledger.high_water_mark_history (at, position)
     select clock_timestamp() - interval '2 minutes' + n * interval '1 millisecond', position
     from hookledger.high_water_mark, (select count(*) as n from hookledger.high_water_mark_history) h`,
  );
}

describe('looking for lost jobs', () => {
  test('finds none while the store holds them, nor when they have ended', async () => {
    await publishJobs(5);
    const look = { lookedAt: 5, held: 5, settled: 0, republished: {}, isComplete: true };
    expect(await reconciler().look(everything)).toEqual(look);
    await handleJobs(3);
    await handleJobs(1, 'dead');
    const first = reconciler();
    expect(await first.look(everything)).toEqual({ ...look, lookedAt: 1, held: 1 });
    await handleJobs(1);
    expect(await first.look(everything)).toEqual({ ...look, lookedAt: 0, held: 0 });
    expect(await repetitions()).toEqual([]);
  });

  test('publishes what the store has lost once more, by an event that says why, and each is handled', async () => {
    await publishJobs(4);
    await handleJobs(1);
    await publishJobs(2, 'tnt_b');
    transport = newTransport();
    expect(await reconciler().look(everything)).toEqual({
      lookedAt: 5,
      held: 0,
      settled: 0,
      republished: { [QUEUE]: 5 },
      isComplete: true,
    });
    expect(await repetitions()).toEqual([
      { tenant_id: 'tnt_a', by: 'ada', reason: 'a test', jobs: 3 },
      { tenant_id: 'tnt_b', by: 'ada', reason: 'a test', jobs: 2 },
    ]);
    await publish();
    expect(await handleJobs(5)).toEqual([1, 1, 1, 1, 1]);
    expect(await reconciler().look(everything)).toMatchObject({ lookedAt: 0 });
    expect(await generationsOf()).toEqual({ 0: 6, 1: 5 });
  });

  test('that is lost again and again is published again and again, each time once', async () => {
    await publishJobs(2);
    const one = reconciler();
    for (const generation of [1, 2, 3]) {
      transport = newTransport();
      expect(await one.look(everything)).toMatchObject({ republished: { [QUEUE]: 2 } });
      // Its repetition waits in the outbox: nothing is lost of it.
      expect(await one.look(everything)).toMatchObject({ lookedAt: 0, republished: {} });
      expect(await reconciler().look(everything)).toMatchObject({ lookedAt: 0, republished: {} });
      await publish();
      expect(await generationsOf()).toMatchObject({ [generation]: 2 });
    }
    expect(await handleJobs(2)).toEqual([3, 3]);
  });

  test('finds a job that the store gave up without anybody recording it', async () => {
    await publishJobs(1);
    const consumer = await transport.consume(QUEUE, {
      concurrency: 1,
      handle: async () => ({ kind: 'ack' }),
      abandoned: async () => undefined,
    });
    await eventually(async () => expect(await transport.depth(QUEUE)).toEqual({ waiting: 0, active: 0, delayed: 0 }));
    await consumer.close(1_000);
    expect(await reconciler().look(everything)).toMatchObject({ republished: { [QUEUE]: 1 } });
  });

  test('asks the store first: a job that ends in between is no lost one', async () => {
    await publishJobs(3);
    const actual = transport;
    transport = {
      ...actual,
      async holds() {
        await database.adminPool.query(
          `insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
           select target_position, queue, replay_id, tenant_id, generation, 'done' from hookledger.outbox limit 2`,
        );
        return new Set<string>();
      },
    };
    expect(await reconciler().look(everything)).toMatchObject({ lookedAt: 3, settled: 2, republished: { [QUEUE]: 1 } });
    expect(await generationsOf()).toEqual({ 0: 3, 1: 1 });
  });

  test('by two at once publishes each lost job once', async () => {
    await publishJobs(300);
    transport = newTransport();
    const looks = await Promise.all([1, 2, 3].map(() => reconciler().look(everything)));
    const republished = looks.map((look) => look.republished[QUEUE] ?? 0);
    expect(republished.reduce((a, b) => a + b)).toBe(300);
    expect(await generationsOf()).toEqual({ 0: 300, 1: 300 });
  });

  test('dry tells what is lost and changes nothing, not even what the next look does', async () => {
    await publishJobs(3);
    transport = newTransport();
    const one = reconciler();
    const dry = { ...everything, dryRun: true };
    expect(await one.look(dry)).toMatchObject({ lookedAt: 3, republished: { [QUEUE]: 3 } });
    expect(await one.look(dry)).toMatchObject({ lookedAt: 3, republished: { [QUEUE]: 3 } });
    expect(await generationsOf()).toEqual({ 0: 3 });
    expect(await one.look(everything)).toMatchObject({ republished: { [QUEUE]: 3 } });
  });

  test('does nothing while the transport does not answer, or after it was switched meanwhile', async () => {
    await publishJobs(2);
    await transport.close();
    await expect(reconciler().look(everything)).rejects.toThrow(TransportUnavailableError);
    const fresh = newTransport();
    transport = {
      ...fresh,
      async holds() {
        epoch += 1n;
        return new Set<string>();
      },
    };
    const one = reconciler();
    expect(await one.look(everything)).toMatchObject({ republished: {}, isComplete: false });
    expect(await generationsOf()).toEqual({ 0: 2 });
    transport = fresh;
    expect(await one.look(everything)).toMatchObject({ republished: { [QUEUE]: 2 }, isComplete: true });
  });

  test('leaves alone what a former transport still holds; one that does not answer counts as empty', async () => {
    await publishJobs(3);
    former = [transport];
    transport = newTransport();
    const one = reconciler();
    expect(await one.look(everything)).toMatchObject({ lookedAt: 3, held: 3, republished: {} });
    await former[0]?.close();
    expect(await one.look(everything)).toMatchObject({ lookedAt: 3, held: 0, republished: { [QUEUE]: 3 } });
  });

  test('reads a large backlog in parts, and each row once', async () => {
    await publishJobs(45, 'tnt_a');
    await publishJobs(5, 'tnt_b');
    transport = newTransport();
    const one = reconciler({ sweepRows: 10, lookRows: 20 });
    const looks = [];
    do looks.push(await one.look(everything));
    while (looks.at(-1)?.isComplete === false);
    expect(looks.length).toBeGreaterThan(2);
    expect(looks.reduce((sum, { republished }) => sum + (republished[QUEUE] ?? 0), 0)).toBe(50);
    expect(await generationsOf()).toEqual({ 0: 50, 1: 50 });
  });

  test('whatever was handled, held or lost: exactly the lost ones are repeated', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('done', 'dead', 'held', 'lost'), { minLength: 1, maxLength: 30 }),
        async (fates) => {
          await database.adminPool.query('truncate hookledger.outbox, hookledger.inbox, hookledger.settled_lanes');
          transport = newTransport();
          await publishJobs(fates.length);
          const { rows } = await database.adminPool.query<{ position: string }>(
            'select position from hookledger.outbox order by position',
          );
          const fateOf = new Map(rows.map(({ position }, index) => [position, fates[index]]));
          const answered = Promise.withResolvers<void>();
          let seen = 0;
          const consumer = await transport.consume(QUEUE, {
            concurrency: 4,
            handle: async (delivery) => {
              const fate = fateOf.get(delivery.message.position);
              if (fate === 'done' || fate === 'dead') await end(delivery, fate);
              seen += 1;
              if (seen === fates.length) answered.resolve();
              return fate === 'held' ? { kind: 'snooze', delayMs: 3_600_000 } : { kind: 'ack' };
            },
            abandoned: async () => undefined,
          });
          await answered.promise;
          await consumer.close(5_000);
          await reconciler().look(everything);
          const { rows: repeated } = await database.adminPool.query<{ position: string }>(
            'select target_position as position from hookledger.outbox where generation > 0 order by target_position',
          );
          expect(repeated).toEqual(rows.filter(({ position }) => fateOf.get(position) === 'lost'));
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('what is remembered', () => {
  const settledLanes = async () => {
    const { rows } = await database.adminPool.query(
      'select tenant_id, queue, position from hookledger.settled_lanes order by tenant_id',
    );
    return rows;
  };
  const positions = async () => {
    const { rows } = await database.adminPool.query<{ position: string }>(
      'select position from hookledger.outbox order by position',
    );
    return rows.map(({ position }) => position);
  };

  test('ends below the first job that has not ended; the next reconciler reads on from there', async () => {
    await publishJobs(5);
    await handleJobs(2);
    const first = reconciler();
    await first.look(everything);
    await first.remember();
    const [, second, , , last] = await positions();
    expect(await settledLanes()).toEqual([{ tenant_id: 'tnt_a', queue: QUEUE, position: second }]);

    // What is remembered as ended is not read again, even if it was wrong.
    await database.adminPool.query('delete from hookledger.inbox');
    const next = reconciler();
    expect(await next.look(everything)).toMatchObject({ lookedAt: 3, held: 3 });
    await handleJobs(3);
    await next.look(everything);
    await next.remember();
    expect(await settledLanes()).toEqual([{ tenant_id: 'tnt_a', queue: QUEUE, position: last }]);
    // A late one moves nothing back.
    await first.remember();
    expect(await settledLanes()).toEqual([{ tenant_id: 'tnt_a', queue: QUEUE, position: last }]);
  });
});

describe('the runner', () => {
  test('looks at everything when the canary is gone, without waiting, and sets it again', async () => {
    const one = runner();
    await one.tick();
    expect(await transport.hasCanary()).toBe(true);
    await publishJobs(3);
    expect(await one.tick()).toMatchObject({ lookedAt: 0 });
    transport = newTransport();
    expect(await one.tick()).toMatchObject({ lookedAt: 3, republished: { [QUEUE]: 3 } });
    expect(await transport.hasCanary()).toBe(true);
    await one.close();
  });

  test('finds what a store lost that was restored from an old copy once the lease is over', async () => {
    const one = runner();
    await one.tick();
    await publishJobs(3);
    transport = newTransport();
    await transport.setCanary();
    expect(await one.tick()).toMatchObject({ lookedAt: 0, republished: {} });
    await age();
    expect(await one.tick()).toMatchObject({ lookedAt: 3, republished: { [QUEUE]: 3 } });
    await one.close();
  });

  test('gives each queue its own lease', async () => {
    const patient = runner('a', { leaseSeconds: { [QUEUE]: 3_600 } });
    await patient.tick();
    await publishJobs(2);
    await age();
    expect(await patient.tick()).toMatchObject({ lookedAt: 0 });
    await patient.close();
    const other = runner('b', { leaseSeconds: { notifications: 3_600 } });
    expect(await other.tick()).toMatchObject({ lookedAt: 2, held: 2 });
    await other.close();
  });

  test('looks at everything after a switch', async () => {
    const one = runner();
    await one.tick();
    await publishJobs(2);
    await transport.setCanary();
    transport = newTransport();
    await transport.setCanary();
    epoch += 1n;
    expect(await one.tick()).toMatchObject({ republished: { [QUEUE]: 2 } });
    await one.close();
  });

  test('looks in one process at a time; the next one takes over when it leaves', async () => {
    const [a, b] = [runner('a'), runner('b')];
    expect(await a.tick()).toBeDefined();
    expect(await b.tick()).toBeUndefined();
    expect(await a.tick()).toBeDefined();
    await a.close();
    expect(await b.tick()).toBeDefined();
    expect(await a.tick()).toBeUndefined();
    await b.close();
  });

  test('goes on after a look that failed, and by itself', async () => {
    const broken = newTransport();
    await broken.close();
    await publishJobs(2);
    const working = newTransport();
    transport = broken;
    const one = runner();
    const stop = new AbortController();
    const running = one.run(stop.signal);
    await expect(one.tick()).rejects.toThrow(TransportUnavailableError);
    transport = working;
    await eventually(async () => {
      one.wake();
      expect(await generationsOf()).toEqual({ 0: 2, 1: 2 });
    });
    stop.abort();
    await running;
    await one.close();
  });
});
