import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { QUEUES } from '../../src/domain/queues.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { leaseShards } from '../../src/relay/lease-shards.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import type { OutboxRelayDeps } from '../../src/relay/outbox-relay.ts';
import type { OutboxMessage } from '../../src/relay/read-outbox.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { withWallClock } from '../support/wall-clock.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const logger = createLogger({ level: 'silent' });
const QUEUE = 'ingress-events';

let database: TestDatabase;
let transport: Transport;

beforeEach(async () => {
  database = await createTestDatabase();
  transport = createMemoryTransport({ logger });
});
afterEach(async () => {
  await transport.close();
  await database.drop();
});

function relay(owner: string, options: Partial<OutboxRelayDeps> = {}) {
  return createOutboxRelay({ pool: database.pool, transport, queues: QUEUES, logger, owner, ...options });
}

async function addTenants(count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `tnt_${index}`);
  await database.adminPool.query('insert into hookledger.tenants (id, name) select id, id from unnest($1::text[]) id', [
    ids,
  ]);
  return ids;
}

/** So many rows in the tenant's lane of one queue, at or below the mark. */
async function addRows(tenantId: string, rows: number): Promise<void> {
  const call = `call_${randomUUID()}`;
  const calls = Array.from({ length: rows }, () => call);
  await recordWebhooks(database.pool, [webhookRecord({ key: randomUUID(), calls, tenantId })]);
}

async function moveMark(): Promise<void> {
  const tracker = createHighWaterMarkTracker({ pool: database.pool, logger, owner: 'test' });
  await tracker.tick();
  await tracker.close();
}

async function cursorOf(tenantId: string): Promise<string | undefined> {
  const { rows } = await database.adminPool.query<{ position: string }>(
    'select published_position as position from hookledger.lanes where tenant_id = $1 and queue = $2',
    [tenantId, QUEUE],
  );
  return rows[0]?.position;
}

async function shardsByOwner(): Promise<Record<string, number>> {
  const { rows } = await database.adminPool.query<{ owner: string; shards: number }>(
    `select owner, count(*)::integer as shards from hookledger.leases
     where name like 'relay-%' and lease_until > clock_timestamp() group by owner order by owner`,
  );
  return Object.fromEntries(rows.map(({ owner, shards }) => [owner, shards]));
}

async function leaseEnds(): Promise<readonly Date[]> {
  const { rows } = await database.adminPool.query<{ lease_until: Date }>(
    `select lease_until from hookledger.leases where name = 'relay-0'`,
  );
  return rows.map(({ lease_until: until }) => until);
}

describe('one relay', () => {
  test('whose lease another one took over moves no cursor, and what both publish is one job', async () => {
    const [tenantId = ''] = await addTenants(1);
    await addRows(tenantId, 5);
    await moveMark();
    const stale = relay('stale', {
      onPublished: async () => {
        await database.adminPool.query(`update hookledger.leases set lease_until = '-infinity'`);
        await withTransaction(database.pool, { tenant: '*' }, (tx) => leaseShards(tx, 'next', 30));
      },
    });
    expect(await stale.tick()).toBe(5);
    expect(await cursorOf(tenantId)).toBe('0');

    expect(await relay('next').tick()).toBe(5);
    expect(await cursorOf(tenantId)).not.toBe('0');
    expect(await transport.depth(QUEUE)).toMatchObject({ waiting: 5 });
  });

  test('renews its lease in time, though the wall clock was set back an hour after it had taken it', async () => {
    const one = relay('one', { leaseSeconds: 1 });
    await withWallClock(3_600_000, () => one.tick());
    const [before] = await leaseEnds();
    await eventually(async () => {
      await one.tick();
      const [renewed] = await leaseEnds();
      expect(renewed).not.toEqual(before);
    });
    await one.close();
  });

  test('makes a dead letter of a message that the transport refuses, and its lane goes on', async () => {
    const [tenantId = ''] = await addTenants(1);
    await addRows(tenantId, 4);
    await moveMark();
    let isFirst = true;
    const choosy: Transport = {
      ...transport,
      publish: async (queue, messages) => {
        const answers = await transport.publish(queue, messages);
        const [first, ...others] = answers;
        if (!isFirst || first === undefined) return answers;
        isFirst = false;
        return [{ key: first.key, accepted: false, reason: 'too heavy' }, ...others];
      },
    };
    const choosyRelay = relay('a', { transport: choosy });
    expect(await choosyRelay.tick()).toBe(4);
    const { rows } = await database.adminPool.query(
      `select d.cause, d.detail, i.outcome, d.position <= l.published_position as passed
       from hookledger.dead_letters d
       join hookledger.inbox i using (position, queue, replay_id)
       join hookledger.lanes l on l.tenant_id = d.tenant_id and l.queue = d.queue`,
    );
    expect(rows).toEqual([{ cause: 'refused-by-transport', detail: 'too heavy', outcome: 'dead', passed: true }]);
    await addRows(tenantId, 2);
    await moveMark();
    expect(await choosyRelay.tick()).toBe(2);
  });

  test('publishes a tenant’s few rows in the round after the one that is read already, whatever another tenant has waiting', async () => {
    const [big = '', small = ''] = await addTenants(2);
    await addRows(big, 10_000);
    await moveMark();
    const rounds: (readonly OutboxMessage[])[] = [];
    const busy = relay('a', {
      batchSize: 500,
      maxQueueDepth: 100_000,
      onPublished: (messages) => void rounds.push(messages),
    });
    await busy.tick();
    await addRows(small, 3);
    await moveMark();
    await busy.tick();
    await busy.tick();
    const counts = rounds.map((messages) =>
      [big, small].map((tenantId) => messages.filter(({ lane }) => lane.tenantId === tenantId).length),
    );
    expect(counts).toEqual([
      [500, 0],
      [500, 0],
      [250, 3],
    ]);
    while ((await busy.tick()) > 0);
    expect(await transport.depth(QUEUE)).toMatchObject({ waiting: 10_003 });
  });

  test('fills a queue to its depth and no further; the rest waits in the outbox until there is room', async () => {
    const [tenantId = ''] = await addTenants(1);
    await addRows(tenantId, 120);
    await moveMark();
    const shallow = relay('a', { maxQueueDepth: 50 });
    expect(await shallow.tick()).toBe(50);
    expect(await shallow.tick()).toBe(0);
    expect(await transport.depth(QUEUE)).toMatchObject({ waiting: 50 });
    let handled = 0;
    await transport.consume(QUEUE, {
      concurrency: 10,
      handle: async () => {
        handled += 1;
        return { kind: 'ack' };
      },
      abandoned: async () => undefined,
    });
    await eventually(async () => {
      await shallow.tick();
      expect(handled).toBe(120);
    });
  });
});

describe('rounds that overlap', () => {
  /** Signals each time that a round has read which lanes are behind: only then it asks for the depth. */
  function watchRounds() {
    let rounds = 0;
    const watched: Transport = {
      ...transport,
      depth: (queue) => {
        if (queue === QUEUE) rounds += 1;
        return transport.depth(queue);
      },
    };
    const untilRound = (round: number) => eventually(async () => expect(rounds).toBeGreaterThanOrEqual(round));
    return { watched, untilRound };
  }

  test('do not publish a row again because its lane got more while it was being published', async () => {
    const [big = '', small = ''] = await addTenants(2);
    await addRows(big, 60);
    await addRows(small, 1);
    await moveMark();
    const { watched, untilRound } = watchRounds();
    const keys: string[] = [];
    let rounds = 0;
    const busy = relay('a', {
      transport: watched,
      batchSize: 10,
      onPublished: async (messages) => {
        keys.push(...messages.map(({ message }) => message.key));
        rounds += 1;
        if (rounds > 4) return;
        // The next round has read its lanes before the cursors of this one move.
        await untilRound(rounds + 1);
        await addRows(small, 1);
        await moveMark();
      },
    });
    while ((await busy.tick()) > 0);
    const mine = keys.filter((key) => key.includes(QUEUE));
    expect(mine).toHaveLength(65);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('leave every cursor at the last row that was published, also when the relay closes in between', async () => {
    const [tenantId = ''] = await addTenants(1);
    await addRows(tenantId, 30);
    await moveMark();
    let last: bigint | undefined;
    const busy = relay('a', { batchSize: 10, onPublished: (messages) => void (last = messages.at(-1)?.position) });
    expect(await busy.tick()).toBe(10);
    await busy.close();
    expect(await cursorOf(tenantId)).toBe(String(last));
    const next = relay('b', { onPublished: (messages) => void (last = messages.at(-1)?.position) });
    expect(await next.tick()).toBe(20);
    expect(await cursorOf(tenantId)).toBe(String(last));
  });
});

describe('several relays', () => {
  test('share the shards; of one that is killed the other takes all, of one that leaves at once', async () => {
    const tenantIds = await addTenants(40);
    // Above the mark until the shards are shared: adding them may take longer than a lease.
    for (const tenantId of tenantIds) await addRows(tenantId, 1);
    const published = { a: new Set<string>(), b: new Set<string>() };
    const keep = (set: Set<string>) => (messages: readonly OutboxMessage[]) => {
      for (const { message } of messages) set.add(message.tenantId);
    };
    const a = relay('a', { leaseSeconds: 1, onPublished: keep(published.a) });
    const b = relay('b', { leaseSeconds: 1, onPublished: keep(published.b) });
    await a.tick();
    expect(await shardsByOwner()).toEqual({ a: 16 });
    await eventually(async () => {
      await Promise.all([a.tick(), b.tick()]);
      expect(await shardsByOwner()).toEqual({ a: 8, b: 8 });
    });

    await moveMark();
    await eventually(async () => {
      await Promise.all([a.tick(), b.tick()]);
      expect(await transport.depth(QUEUE)).toMatchObject({ waiting: 40 });
    });
    expect(published.a.size).toBeGreaterThan(0);
    expect(published.b.size).toBeGreaterThan(0);
    expect(published.a.isDisjointFrom(published.b)).toBe(true);

    // Nobody calls a any more, as if it had been killed; its leases run out by themselves.
    for (const tenantId of tenantIds) await addRows(tenantId, 1);
    await moveMark();
    await eventually(async () => {
      await b.tick();
      expect(await shardsByOwner()).toEqual({ b: 16 });
      expect(await transport.depth(QUEUE)).toMatchObject({ waiting: 80 });
    });

    const c = relay('c', { leaseSeconds: 30 });
    await eventually(async () => {
      await Promise.all([b.tick(), c.tick()]);
      expect(await shardsByOwner()).toEqual({ b: 8, c: 8 });
    });
    await c.close();
    expect(await shardsByOwner()).toEqual({ b: 8 });
    await eventually(async () => {
      await b.tick();
      expect(await shardsByOwner()).toEqual({ b: 16 });
    });
  });

  test('of three none holds more than its share', async () => {
    const relays = ['a', 'b', 'c'].map((owner) => relay(owner, { leaseSeconds: 1 }));
    await eventually(async () => {
      await Promise.all(relays.map((each) => each.tick()));
      const shards = Object.values(await shardsByOwner());
      expect(shards.toSorted()).toEqual([4, 6, 6]);
    });
  });
});
