import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { QUEUES } from '../../src/domain/queues.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { OutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const logger = createLogger({ level: 'silent' });

/** What may happen, in any order. Relays are two at a time; one that crashes is replaced by another owner. */
type Step =
  /** Rows in a tenant's lane; without the mark they are committed, but not to be read yet. */
  | Readonly<{ kind: 'append'; tenant: number; rows: number; isMarked: boolean }>
  | Readonly<{ kind: 'tick'; relay: number }>
  | Readonly<{ kind: 'tick-both' }>
  /** Published, and then the process is gone. */
  | Readonly<{ kind: 'crash-after-publishing'; relay: number }>
  /** The transport fails half-way: some of the rows are there, the answer is not. */
  | Readonly<{ kind: 'transport-fails'; relay: number }>
  | Readonly<{ kind: 'refuse-next' }>
  | Readonly<{ kind: 'leases-run-out' }>;

const relay = fc.integer({ min: 0, max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      tenant: fc.integer({ min: 0, max: 1 }),
      rows: fc.integer({ min: 1, max: 9 }),
      isMarked: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('tick' as const), relay }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'tick-both' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash-after-publishing' as const), relay }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('transport-fails' as const), relay }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'refuse-next' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'leases-run-out' as const }) },
);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function addTenants(): Promise<readonly string[]> {
  const ids = [0, 1].map((index) => `tnt_${index}_${randomUUID()}`);
  await database.adminPool.query('insert into hookledger.tenants (id, name) select id, id from unnest($1::text[]) id', [
    ids,
  ]);
  return ids;
}

async function append(tenantId: string, rows: number): Promise<void> {
  const calls = Array.from({ length: rows }, () => `call_${randomUUID()}`);
  await recordWebhooks(database.pool, [webhookRecord({ key: randomUUID(), calls, tenantId })]);
}

async function moveMark(): Promise<void> {
  const tracker = createHighWaterMarkTracker({ pool: database.pool, logger, owner: randomUUID() });
  await tracker.tick();
  await tracker.close();
}

async function cursors(tenantIds: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
  const { rows } = await database.adminPool.query<{ lane: string; position: string }>(
    `select tenant_id || ' ' || queue as lane, published_position as position
     from hookledger.lanes where tenant_id = any ($1::text[])`,
    [tenantIds],
  );
  return new Map(rows.map(({ lane, position }) => [lane, BigInt(position)]));
}

/** A world of its own for each history: tenants, a transport that remembers what it was given, two relays. */
async function createWorld() {
  const tenantIds = await addTenants();
  const memory = createMemoryTransport({ logger });
  const first = new Map<string, string[]>();
  const seen = new Set<string>();
  const refused = new Set<string>();
  let refuseNext = false;
  let fails = false;
  const transport: Transport = {
    ...memory,
    async publish(queue, messages) {
      const given = fails ? messages.slice(0, Math.ceil(messages.length / 2)) : messages;
      for (const { key, tenantId } of given) {
        if (seen.has(key)) continue;
        seen.add(key);
        const lane = `${tenantId} ${queue}`;
        first.set(lane, [...(first.get(lane) ?? []), key]);
      }
      const answers = await memory.publish(queue, given);
      if (fails) throw new Error('the connection broke');
      if (!refuseNext) return answers;
      const [victim] = answers;
      if (victim === undefined || !tenantIds.includes(messages[0]?.tenantId ?? '')) return answers;
      refuseNext = false;
      refused.add(victim.key);
      return [{ key: victim.key, accepted: false as const, reason: 'too heavy' }, ...answers.slice(1)];
    },
  };
  let crashes = false;
  const newRelay = (): OutboxRelay =>
    createOutboxRelay({
      pool: database.pool,
      transport,
      queues: QUEUES,
      logger,
      owner: randomUUID(),
      batchSize: 7,
      leaseSeconds: 60,
      onPublished: () => {
        if (crashes) throw new Error('the process is gone');
      },
    });
  const relays = [newRelay(), newRelay()];
  const relayAt = (index: number): OutboxRelay => relays[index] ?? newRelay();

  async function expireLeases(): Promise<void> {
    await database.adminPool.query(`update hookledger.leases set lease_until = '-infinity' where name like 'relay%'`);
  }

  return {
    tenantIds,
    first,
    refused,
    async take(each: Step): Promise<void> {
      switch (each.kind) {
        case 'append':
          await append(tenantIds[each.tenant] ?? '', each.rows);
          if (each.isMarked) await moveMark();
          return;
        case 'tick':
          await relayAt(each.relay).tick();
          return;
        case 'tick-both':
          await Promise.all(relays.map((relay) => relay.tick()));
          return;
        case 'crash-after-publishing':
          crashes = true;
          await relayAt(each.relay)
            .tick()
            .catch(() => undefined);
          crashes = false;
          relays[each.relay] = newRelay();
          return;
        case 'transport-fails':
          fails = true;
          await relayAt(each.relay)
            .tick()
            .catch(() => undefined);
          fails = false;
          return;
        case 'refuse-next':
          refuseNext = true;
          return;
        case 'leases-run-out':
          return expireLeases();
      }
    },
    /** Whatever happened: one more relay, and everything settles. */
    async settle(): Promise<void> {
      await moveMark();
      await expireLeases();
      const last = newRelay();
      while ((await last.tick()) > 0);
      await last.close();
      await memory.close();
    },
  };
}

describe('whatever crashes, lapses and refuses in between', () => {
  test('the relay skips no row, never moves a cursor back, keeps each lane in order, and refused rows are dead letters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const world = await createWorld();
        let before = await cursors(world.tenantIds);
        for (const each of steps) {
          await world.take(each);
          const now = await cursors(world.tenantIds);
          for (const [lane, position] of now) expect(position).toBeGreaterThanOrEqual(before.get(lane) ?? 0n);
          before = now;
        }
        await world.settle();

        const { rows } = await database.adminPool.query<{ lane: string; key: string; passed: boolean; dead: boolean }>(
          `select o.tenant_id || ' ' || o.queue as lane,
             o.event_id || '.' || o.queue || '.' || o.replay_id || '.' || o.generation as key,
             l.published_position >= o.position as passed,
             exists (select from hookledger.dead_letters d where d.position = o.target_position and d.queue = o.queue) as dead
           from hookledger.outbox o join hookledger.lanes l using (tenant_id, queue)
           where o.tenant_id = any ($1::text[]) order by o.position`,
          [world.tenantIds],
        );
        const expected = Map.groupBy(rows, ({ lane }) => lane);
        expect(
          [...world.first.keys()].filter((lane) => world.tenantIds.some((id) => lane.startsWith(id))).toSorted(),
        ).toEqual([...expected.keys()].toSorted());
        for (const [lane, outbox] of expected) expect(world.first.get(lane)).toEqual(outbox.map(({ key }) => key));
        expect(rows.every(({ passed }) => passed)).toBe(true);
        // Refused once and accepted at a repetition is possible: then it is a dead letter and a job, which changes nothing.
        for (const { key, dead } of rows) if (dead) expect(world.refused).toContain(key);
      }),
      { numRuns: 40 },
    );
  });
});
