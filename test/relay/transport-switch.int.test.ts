import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { QUEUES } from '../../src/domain/queues.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import type { Tx } from '../../src/platform/postgres.ts';
import { followTransports } from '../../src/relay/follow-transports.ts';
import { leaseShards } from '../../src/relay/lease-shards.ts';
import { moveCursors } from '../../src/relay/move-cursors.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import type { OutboxRelayDeps } from '../../src/relay/outbox-relay.ts';
import { listTransportSwitches, switchTransport } from '../../src/relay/transport-choice.ts';
import type { TransportKind } from '../../src/relay/transport-choice.ts';
import { createTransportsInUse } from '../../src/relay/transports-in-use.ts';
import { createMemoryTransport } from '../../src/transports/memory.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const logger = createLogger({ level: 'silent' });
const QUEUE = 'ingress-events';

let database: TestDatabase;
let redis: Transport;
let postgres: Transport;

beforeEach(async () => {
  database = await createTestDatabase();
  redis = createMemoryTransport({ logger });
  postgres = createMemoryTransport({ logger });
});
afterEach(async () => {
  await Promise.all([redis.close(), postgres.close()]);
  await database.drop();
});

const transports = (tx: Tx) => createTransportsInUse({ standing: 'redis', of: { redis, postgres } })(tx);

function inScope<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  return withTransaction(database.pool, { tenant: '*' }, work);
}

const use = (to: TransportKind) => inScope((tx) => switchTransport(tx, { to, by: 'ada', reason: `to ${to}` }));

function relay(options: Partial<OutboxRelayDeps> = {}) {
  const deps = { pool: database.pool, transport: redis, transports, queues: QUEUES, logger, owner: 'relay' };
  return createOutboxRelay({ ...deps, ...options });
}

async function addRows(rows: number): Promise<void> {
  const calls = Array.from({ length: rows }, () => `call_${randomUUID()}`);
  await recordWebhooks(database.pool, [webhookRecord({ key: randomUUID(), calls })]);
  const tracker = createHighWaterMarkTracker({ pool: database.pool, logger, owner: 'test' });
  await tracker.tick();
  await tracker.close();
}

async function cursor(): Promise<bigint> {
  const { rows } = await database.adminPool.query<{ position: string }>(
    'select published_position as position from hookledger.lanes where tenant_id = $1 and queue = $2',
    ['unassigned', QUEUE],
  );
  return BigInt(rows[0]?.position ?? -1);
}

describe('the transport in force', () => {
  test('is the configured one until an operator chooses; every choice is on record', async () => {
    expect(await inScope(transports)).toMatchObject({ epoch: 0n, former: [] });
    expect((await inScope(transports)).inForce).toBe(redis);
    expect(await use('postgres')).toBe(1n);
    expect(await inScope(transports)).toEqual({ epoch: 1n, inForce: postgres, former: [redis] });
    expect(await use('redis')).toBe(2n);
    expect(await inScope(transports)).toEqual({ epoch: 2n, inForce: redis, former: [postgres] });
    expect(await inScope((tx) => listTransportSwitches(tx, 10))).toMatchObject([
      { epoch: 2n, transport: 'redis', by: 'ada', reason: 'to redis' },
      { epoch: 1n, transport: 'postgres', by: 'ada', reason: 'to postgres' },
    ]);
    await expect(database.adminPool.query('delete from hookledger.transport_switches')).rejects.toMatchObject({
      code: 'HL002',
    });
  });

  test('that this process cannot reach is named', async () => {
    const withoutRedis = createTransportsInUse({ standing: 'postgres', of: { postgres } });
    expect((await inScope(withoutRedis)).inForce).toBe(postgres);
    await use('redis');
    await expect(inScope(withoutRedis)).rejects.toMatchObject({ code: 'transport_not_configured', transport: 'redis' });
  });

  test('is switched by several at once in one order', async () => {
    const epochs = await Promise.all([use('postgres'), use('redis'), use('postgres')]);
    expect(epochs.toSorted()).toEqual([1n, 2n, 3n]);
  });
});

describe('a relay', () => {
  test('that has not seen the switch moves no cursor; what it published is published to the other transport, too', async () => {
    await addRows(5);
    let isFirst = true;
    const unaware = relay({
      onPublished: async () => {
        if (isFirst) await use('postgres');
        isFirst = false;
      },
    });
    expect(await unaware.tick()).toBe(5);
    expect(await cursor()).toBe(0n);
    expect(await redis.depth(QUEUE)).toMatchObject({ waiting: 5 });
    expect(await unaware.tick()).toBe(5);
    expect(await cursor()).toBeGreaterThan(0n);
    expect(await postgres.depth(QUEUE)).toMatchObject({ waiting: 5 });
    await addRows(2);
    expect(await unaware.tick()).toBe(2);
    expect(await postgres.depth(QUEUE)).toMatchObject({ waiting: 7 });
    expect(await redis.depth(QUEUE)).toMatchObject({ waiting: 5 });
    await unaware.close();
  });

  test('follows at once when it is told, also while the transport before does not answer; and back', async () => {
    await redis.close();
    const one = relay();
    const stop = new AbortController();
    const running = one.run(stop.signal);
    await addRows(3);
    await expect(redis.depth(QUEUE)).rejects.toThrow();
    await use('postgres');
    one.follow();
    await eventually(async () => expect(await postgres.depth(QUEUE)).toMatchObject({ waiting: 3 }));
    redis = createMemoryTransport({ logger });
    await use('redis');
    one.follow();
    await addRows(2);
    await eventually(async () => expect(await redis.depth(QUEUE)).toMatchObject({ waiting: 2 }));
    expect(await postgres.depth(QUEUE)).toMatchObject({ waiting: 3 });
    stop.abort();
    await running;
    await one.close();
  });

  test('whose cursors are on their way is waited for by the switch', async () => {
    await addRows(1);
    const { leases } = await inScope((tx) => leaseShards(tx, 'relay', 30));
    const { rows } = await database.adminPool.query<{ shard: number; row: string }>(
      `select l.shard, o.position as row from hookledger.lanes l join hookledger.outbox o using (tenant_id, queue)`,
    );
    const [{ shard, row } = { shard: -1, row: '0' }] = rows;
    const token = leases.find((lease) => lease.shard === shard)?.token ?? -1n;
    const lane = { tenantId: 'unassigned', queue: QUEUE, shard, cursor: 0n, weight: 1 };
    const order: string[] = [];
    const switching = Promise.withResolvers<void>();
    await inScope(async (tx) => {
      expect(await moveCursors(tx, [{ lane, position: BigInt(row), token }])).toBe(1);
      void use('postgres').then(
        () => (order.push('switched'), switching.resolve()),
        (error: unknown) => switching.reject(error),
      );
      await eventually(async () => {
        const { rowCount } = await database.adminPool.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        expect(rowCount).toBe(1);
      });
      order.push('moved');
    });
    await switching.promise;
    expect(order).toEqual(['moved', 'switched']);
    expect(await inScope((tx) => moveCursors(tx, [{ lane, position: BigInt(row) + 1n, token }]))).toBe(0);
  });
});

describe('a process that follows', () => {
  test('is told of each switch once, and again when it could not act on it', async () => {
    const seen: bigint[] = [];
    let isBroken = true;
    const follower = await followTransports({
      pool: database.pool,
      logger,
      transports,
      onSwitched: async ({ epoch }) => {
        seen.push(epoch);
        if (isBroken) throw new Error('not now');
      },
    });
    await follower.tick();
    expect(seen).toEqual([]);
    expect(follower.current().inForce).toBe(redis);
    await use('postgres');
    await expect(follower.tick()).rejects.toThrow('not now');
    isBroken = false;
    await follower.tick();
    await follower.tick();
    expect(seen).toEqual([1n, 1n]);
    expect(follower.current().inForce).toBe(postgres);
  });

  test('sees a switch by itself', async () => {
    const told = Promise.withResolvers<bigint>();
    const follower = await followTransports({
      pool: database.pool,
      logger,
      transports,
      onSwitched: ({ epoch }) => told.resolve(epoch),
    });
    const stop = new AbortController();
    const running = follower.run(stop.signal);
    await use('postgres');
    expect(await told.promise).toBe(1n);
    stop.abort();
    await running;
  });
});
