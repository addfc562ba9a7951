import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startLocalRedis } from '../../src/dev/local-redis.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createReconcileRunner } from '../../src/relay/run-reconcile.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { describeWithRedis } from '../support/redis.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { reportNotProven } from '../support/test-run.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const logger = createLogger({ level: 'silent' });
const QUEUE = 'ingress-events';

describeWithRedis('a Redis that comes back with old data', () => {
  let database: TestDatabase;
  let directory: ReturnType<typeof createTemporaryDirectory>;
  beforeAll(async () => {
    database = await createTestDatabase();
    directory = createTemporaryDirectory();
  });
  afterAll(async () => {
    directory.remove();
    await database.drop();
  });

  async function publishJobs(transport: Transport, names: readonly string[]): Promise<void> {
    await recordWebhooks(database.pool, [webhookRecord({ key: names.join(), calls: names })]);
    const deps = { pool: database.pool, logger, owner: names.join() };
    const tracker = createHighWaterMarkTracker(deps);
    await tracker.tick();
    await tracker.close();
    const relay = createOutboxRelay({ ...deps, transport, queues: QUEUES });
    while ((await relay.tick()) > 0);
    await relay.close();
  }

  test('still has its canary; exactly what it lacks is published again', async () => {
    const home = join(directory.path, 'redis');
    const copy = join(directory.path, 'copy');
    const redis = await startLocalRedis({ dataDir: directory.path, logger });
    if (redis === undefined) return reportNotProven('a Redis with old data (no redis-server here)');
    const backend = { kind: 'redis', url: redis.url } as const;
    const before = createBullmqTransport({ backend, logger });
    await before.setCanary();
    await publishJobs(before, ['a', 'b', 'c']);
    await before.close();
    await redis.stop();
    cpSync(home, copy, { recursive: true });

    const again = await startLocalRedis({ dataDir: directory.path, logger });
    const meanwhile = createBullmqTransport({ backend, logger });
    await publishJobs(meanwhile, ['d', 'e']);
    expect(await meanwhile.depth(QUEUE)).toMatchObject({ waiting: 5 });
    await meanwhile.close();
    await again?.stop();
    rmSync(home, { recursive: true });
    cpSync(copy, home, { recursive: true });

    const old = await startLocalRedis({ dataDir: directory.path, logger });
    const transport = createBullmqTransport({ backend, logger });
    expect(await transport.hasCanary()).toBe(true);
    expect(await transport.depth(QUEUE)).toMatchObject({ waiting: 3 });
    const transports = () => Promise.resolve({ epoch: 0n, inForce: transport, former: [] });
    const runner = createReconcileRunner({
      pool: database.pool,
      logger,
      transports,
      owner: 'runner',
      onAppended: () => undefined,
    });
    expect(await runner.tick()).toMatchObject({ lookedAt: 5, held: 3, republished: { [QUEUE]: 2 } });
    const { rows } = await database.adminPool.query(
      `select e.external_id as call, o.generation from hookledger.outbox o join hookledger.events e
       on e.position = o.target_position where o.generation > 0 order by e.external_id`,
    );
    expect(rows).toEqual([
      { call: 'd', generation: 1 },
      { call: 'e', generation: 1 },
    ]);
    await runner.close();
    await transport.close();
    await old?.stop();
  });
});
