import type { Logger } from '../platform/logger.ts';
import { APPLICATION_ROLE, createPool } from '../platform/postgres.ts';
import type { Pool } from '../platform/postgres.ts';

/** For statements that take as long as a log is, beside a cursor that waits in its transaction. The caller ends it. */
export function createRebuildPool(url: string, logger: Logger): Pool {
  return createPool({
    url,
    role: APPLICATION_ROLE,
    applicationName: 'hookledger rebuild',
    max: 3,
    statementTimeoutMs: 0,
    idleInTransactionTimeoutMs: 0,
    logger,
  });
}
