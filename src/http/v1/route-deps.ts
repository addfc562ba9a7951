import type { Response } from 'express';
import type { Reader } from '../../finance/read-transaction.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres.ts';
import { principalOf } from '../auth.ts';

export type RouteDeps = Readonly<{ pool: Pool; clock: Clock }>;

/** The rows that whoever asks may see. */
export function readerOf(response: Response): Reader {
  const { tenantId } = principalOf(response);
  return tenantId === undefined ? {} : { tenantId };
}
