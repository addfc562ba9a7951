import { withReadTransaction } from '../finance/read-transaction.ts';
import type { Tx } from '../platform/postgres.ts';
import type { Context } from './command.ts';
import { withEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';

/** `withEnvironment` for a command that only reads: one snapshot over the rows of every tenant. */
export async function readDatabase<T>(
  context: Context,
  read: (tx: Tx, environment: Environment) => Promise<T>,
): Promise<T> {
  return withEnvironment(context, (environment) =>
    withReadTransaction(environment.pool, {}, (tx) => read(tx, environment)),
  );
}
