import { MikroORM } from '@mikro-orm/postgresql';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Logger } from '../platform/logger.ts';
import { ApiKeyEntity, ConsoleSessionEntity, SignInLinkEntity, SourceEntity, TenantEntity } from './entities.ts';

export type Orm = MikroORM;

export type OrmOptions = Readonly<{
  /** Takes this role's rights at connecting; without it the login role's own. */
  role?: string;
  logger: Logger;
}>;

/** The settings of `createPool`: whoever administers something must not hold up the rest either. */
const settings = { statement_timeout: '10000', idle_in_transaction_session_timeout: '2000' };

/** For what people administer. Connects at its first use; the caller closes it. */
export function createOrm(url: string, { role, logger }: OrmOptions): Orm {
  const startup = role === undefined ? settings : { ...settings, role };
  return new MikroORM({
    clientUrl: url,
    entities: [TenantEntity, SourceEntity, ApiKeyEntity, SignInLinkEntity, ConsoleSessionEntity],
    driverOptions: {
      application_name: 'hookledger administration',
      connectionTimeoutMillis: 5_000,
      options: Object.entries(startup)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    },
    pool: { min: 0, max: 4 },
    // Values of a row may be secrets: they belong in no error and no line of the log.
    logger: (message) => logger.warn({ from: 'mikro-orm' }, message),
    colors: false,
  });
}

/**
 * Runs `fn` in one transaction that sees the rows of every tenant: the platform's own administration. Commits when
 * `fn` returns, rolls back when it throws.
 */
export async function administer<T>(orm: Orm, fn: (em: EntityManager) => Promise<T>): Promise<T> {
  const em = orm.em.fork();
  em.setSessionContext({ variables: { 'hookledger.tenant': '*' } });
  return em.transactional(fn);
}
