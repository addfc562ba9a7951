import { APPLICATION_ROLE } from '../platform/postgres.ts';
import type { ConfiguredTransports } from '../relay/transports-in-use.ts';
import { createBullmqTransport } from '../transports/bullmq.ts';
import type { AppSettings } from './app-settings.ts';

/** PostgreSQL is there as the fallback of Redis, too: it connects when it is first used. */
export function createTransports({ databaseUrl, redisUrl, logger }: AppSettings): ConfiguredTransports {
  const postgres = createBullmqTransport({
    backend: { kind: 'postgres', url: databaseUrl, role: APPLICATION_ROLE },
    logger,
  });
  if (redisUrl === undefined) return { standing: 'postgres', of: { postgres } };
  const redis = createBullmqTransport({ backend: { kind: 'redis', url: redisUrl }, logger });
  return { standing: 'redis', of: { redis, postgres } };
}
