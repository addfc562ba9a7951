import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../src/platform/logger.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { TransportUnavailableError } from '../../src/transports/transport.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { createBullmqHarness, createBullmqOutageHarness } from './bullmq-harness.ts';
import type { BullmqStore } from './bullmq-harness.ts';
import { describeTransport } from './conformance.ts';
import { accepted, newMessage, newMessages } from './conformance/messages.ts';
import { observe } from './conformance/observe.ts';
import { describeOutages } from './conformance/outages.ts';

const logger = createLogger({ level: 'silent' });
const grantTo = 'hookledger_app';

describe('BullMQ on PostgreSQL', () => {
  describeOutages(async () => createBullmqOutageHarness(await openStore()));
  describeTransport('as a transport', async () => createBullmqHarness(await openStore()));

  describe('besides', () => {
    let database: TestDatabase;
    const transports: Transport[] = [];

    function open(backend: Readonly<{ url: string; role?: string }>): Transport {
      const transport = createBullmqTransport({ backend: { kind: 'postgres', ...backend }, logger });
      transports.push(transport);
      return transport;
    }

    beforeAll(async () => {
      database = await createTestDatabase();
      // As a careful administrator leaves it.
      await database.adminPool.query(`do $$ begin
        execute format('revoke temporary on database %I from public', current_database());
      end $$`);
    });
    afterAll(async () => {
      await Promise.all(transports.map((transport) => transport.close()));
      await database.drop();
    });

    test('is prepared by several at once and again, and gives the role the use of its queues, not their ownership', async () => {
      const prepare = (...queues: string[]): Promise<void> =>
        prepareBullmqPostgres(database.adminUrl, { grantTo, queues });
      await Promise.all([prepare('one'), prepare('one', 'two'), prepare('two')]);
      await prepare('one', 'three');
      const { rows } = await database.pool.query(
        `select has_schema_privilege('bullmq', 'create') as "mayCreate",
                (select count(*)::int from pg_class where relowner = current_user::regrole) as owned`,
      );
      expect(rows).toEqual([{ mayCreate: false, owned: 0 }]);

      const transport = open({ url: database.appUrl });
      for (const queue of ['one', 'two', 'three']) {
        const message = newMessage(queue);
        expect(await transport.publish(queue, [message])).toEqual([accepted(message)]);
        const { deliveries } = await observe(transport, queue);
        expect((await deliveries.next()).message).toEqual(message);
      }
    });

    test('takes the role that it is told, and has no queue that was not prepared', async () => {
      await prepareBullmqPostgres(database.adminUrl, { grantTo, queues: ['one'] });
      const transport = open({ url: database.adminUrl, role: grantTo });
      const message = newMessage('one');
      expect(await transport.publish('one', [message])).toEqual([accepted(message)]);
      const refused = transport.publish('unprepared', [newMessage('unprepared')]);
      await expect(refused).rejects.toThrow(TransportUnavailableError);
      await expect(refused).rejects.toMatchObject({ cause: { code: '42501' } });
    });

    test('refuses the one message whose value PostgreSQL cannot store, and takes its neighbours', async () => {
      const queue = 'values';
      await prepareBullmqPostgres(database.adminUrl, { grantTo, queues: [queue] });
      const transport = open({ url: database.appUrl });
      const [first, second, third] = newMessages(queue, 3).map((message, index) =>
        index === 1 ? { ...message, tenantId: 'a\u0000b' } : message,
      );
      const messages = [first, second, third].filter((message) => message !== undefined);
      const answers = await transport.publish(queue, messages);
      expect(answers.map((answer) => answer.accepted)).toEqual([true, false, true]);
      expect(await transport.depth(queue)).toEqual({ waiting: 2, active: 0, delayed: 0 });
    });
  });
});

async function openStore(): Promise<BullmqStore> {
  const database = await createTestDatabase();
  const queues = Array.from({ length: 40 }, (_, index) => `queue-${index}`);
  await prepareBullmqPostgres(database.adminUrl, { grantTo, queues });
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
