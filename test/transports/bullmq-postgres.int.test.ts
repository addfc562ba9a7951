import { describe } from '@jest/globals';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import { createBullmqHarness, createBullmqOutageHarness } from './bullmq-harness.ts';
import type { BullmqStore } from './bullmq-harness.ts';
import { describeTransport } from './conformance.ts';
import { describeOutages } from './conformance/outages.ts';

describe('BullMQ on PostgreSQL', () => {
  describeOutages(async () => createBullmqOutageHarness(await openStore()));
  describeTransport('as a transport', async () => createBullmqHarness(await openStore()));
});

async function openStore(): Promise<BullmqStore> {
  const database = await createTestDatabase();
  const queues = Array.from({ length: 40 }, (_, index) => `queue-${index}`);
  await prepareBullmqPostgres(database.adminUrl, { grantTo: 'hookledger_app', queues });
  return {
    options: { backend: { kind: 'postgres', url: database.appUrl } },
    newQueue() {
      const queue = queues.pop();
      if (queue === undefined) throw new Error('The store was prepared with too few queues.');
      return queue;
    },
    close: () => database.drop(),
  };
}
