import type { Response } from 'express';
import type { Reader } from '../../finance/read-transaction.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres.ts';
import { principalOf } from '../auth.ts';

export type RouteDeps = Readonly<{
  pool: Pool;
  clock: Clock;
  /** Called after a commit that appended: wakes whoever reads the log, which finds it a little later by itself. */
  onAppended?: () => void;
}>;

/** The rows that whoever asks may see. */
export function readerOf(response: Response): Reader {
  const { tenantId } = principalOf(response);
  return tenantId === undefined ? {} : { tenantId };
}
