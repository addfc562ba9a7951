import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { HighWaterMarkError, verifyHighWaterMark } from '../../src/event-store/verify-high-water-mark.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { webhookRecord } from '../support/webhook-record.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('partitions', () => {
  test('are made ahead of the sequence, by the application role, with their own guards', async () => {
    await database.adminPool.query(`select setval('hookledger.position_seq', 39000000)`);
    const webhook = webhookRecord({ key: 'far', calls: ['far'] });
    await expect(recordWebhooks(database.pool, [webhook])).rejects.toThrow(/no partition/);
    const { rows } = await database.pool.query<{ made: number }>('select hookledger.ensure_partitions() as made');
    expect(rows[0]?.made).toBeGreaterThan(0);
    expect(await recordWebhooks(database.pool, [webhook])).toEqual([{ outcome: 'unassigned', webhookId: webhook.id }]);
    const again = await database.pool.query<{ made: number }>('select hookledger.ensure_partitions() as made');
    expect(again.rows[0]?.made).toBe(0);
    await expect(
      database.adminPool.query('insert into hookledger.events_000003 select * from hookledger.events'),
    ).rejects.toMatchObject({ code: 'HL001' });
    await expect(database.adminPool.query('truncate hookledger.events_000003')).rejects.toMatchObject({
      code: 'HL002',
    });
    await expect(database.adminPool.query('delete from hookledger.events_000003')).rejects.toMatchObject({
      code: 'HL002',
    });
    await expect(database.pool.query('select from hookledger.events_000003')).rejects.toMatchObject({ code: '42501' });
  });
});

describe('a start', () => {
  const start = () => withTransaction(database.pool, { tenant: '*' }, verifyHighWaterMark);

  test('refuses a sequence that stands below the events, and says how to mend it', async () => {
    await start();
    await database.adminPool.query(`select setval('hookledger.position_seq', 5)`);
    const refused = start();
    await expect(refused).rejects.toBeInstanceOf(HighWaterMarkError);
    await expect(refused).rejects.toThrow(/setval\('hookledger.position_seq'/);
  });
});
