import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../src/platform/logger.ts';
import { administer, createOrm } from '../../src/tenants/orm.ts';
import { TenantEntity } from '../../src/tenants/entities.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

const logger = createLogger({ level: 'silent' });
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the connection for administration', () => {
  test('has the rights of the role that it is given, whoever logs in', async () => {
    const orm = createOrm(database.adminUrl, { role: 'hookledger_app', logger });
    const settings = await administer(orm, (em) =>
      em.execute(
        `select current_user, current_setting('statement_timeout') as statement,
          current_setting('idle_in_transaction_session_timeout') as idle`,
      ),
    );
    expect(settings).toEqual([{ current_user: 'hookledger_app', statement: '10s', idle: '2s' }]);
    await orm.close();
  });

  test('sees no tenant outside of an administrative transaction', async () => {
    const orm = createOrm(database.appUrl, { logger });
    expect(await orm.em.fork().find(TenantEntity, {})).toEqual([]);
    expect(await administer(orm, (em) => em.count(TenantEntity))).toBe(1);
    expect(await orm.em.fork().find(TenantEntity, {})).toEqual([]);
    await orm.close();
  });
});
