import type { Config } from '../config.ts';
import { ConfigError } from '../config.ts';
import { APPLICATION_ROLE } from '../platform/postgres.ts';
import type { ConfiguredTransports } from '../relay/transports-in-use.ts';
import { createBullmqTransport } from '../transports/bullmq.ts';
import type { Environment } from './environment.ts';

/**
 * A command that does not know of the servers' Redis would take the jobs there for lost.
 * @throws ConfigError in production without REDIS_URL.
 */
export function assertRedisKnown({ isProduction, redisUrl }: Config): void {
  if (isProduction && redisUrl === undefined) throw new ConfigError(['production needs REDIS_URL']);
}

/** Gives `use` the transports that a server with these settings has, and closes them. Nothing connects until it is used. */
export async function withTransports<T>(
  { databaseUrl, server, logger }: Environment,
  config: Config,
  use: (configured: ConfiguredTransports) => Promise<T>,
): Promise<T> {
  const redisUrl = config.redisUrl ?? server?.redisUrl;
  // That a store does not answer is what the command reports; each attempt to reconnect is not.
  const silent = logger.child({}, { level: 'silent' });
  const postgres = createBullmqTransport({
    backend: { kind: 'postgres', url: databaseUrl, role: APPLICATION_ROLE },
    logger: silent,
  });
  const redis =
    redisUrl === undefined
      ? undefined
      : createBullmqTransport({ backend: { kind: 'redis', url: redisUrl }, logger: silent });
  try {
    return await use(
      redis === undefined ? { standing: 'postgres', of: { postgres } } : { standing: 'redis', of: { redis, postgres } },
    );
  } finally {
    await Promise.all([redis?.close(), postgres.close()]);
  }
}
