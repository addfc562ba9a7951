import { randomBytes } from 'node:crypto';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { createTestDatabase } from '../support/database.ts';

/** A database of its own, what the tenants module needs, and a clock that the test turns. */
export async function setUpTenants() {
  const database = await createTestDatabase();
  const logger = createLogger({ level: 'silent' });
  const orm = createOrm(database.appUrl, { logger });
  let now = new Date('2026-03-01T12:00:00Z');
  return {
    database,
    pool: database.pool,
    orm,
    logger,
    masterKey: randomBytes(32),
    appendEvents,
    newId: () => uuidv7(),
    clock: { now: () => now },
    moveClock: (byMs: number) => {
      now = new Date(now.getTime() + byMs);
    },
    close: async () => {
      await orm.close();
      await database.drop();
    },
  };
}

export type TenantsSetup = Awaited<ReturnType<typeof setUpTenants>>;
