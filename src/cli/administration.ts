import { appendEvents } from '../event-store/append-events.ts';
import { uuidv7 } from '../platform/ids.ts';
import type { CommandDeps } from '../tenants/administrative-command.ts';
import { createOrm } from '../tenants/orm.ts';
import type { Orm } from '../tenants/orm.ts';
import type { Context } from './command.ts';
import { APPLICATION_ROLE } from '../platform/postgres.ts';
import { withEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';

/** What the functions of `tenants` take as their deps. */
export type Administration = Environment & CommandDeps & Readonly<{ orm: Orm }>;

/** `withEnvironment`, with what administering people need. */
export async function withAdministration<T>(
  context: Context,
  use: (administration: Administration) => Promise<T>,
  options: { isForServer?: boolean } = {},
): Promise<T> {
  const administer = async (environment: Environment): Promise<T> => {
    const orm = createOrm(environment.databaseUrl, { role: APPLICATION_ROLE, logger: environment.logger });
    try {
      return await use({ ...environment, orm, appendEvents, newId: () => uuidv7() });
    } finally {
      await orm.close(true);
    }
  };
  return withEnvironment(context, administer, options);
}
