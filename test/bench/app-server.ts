/** The application, with all its roles unless told otherwise, in a process of its own: prints its URL, then serves until it is told to end. */
import { APP_ROLES, createApp } from '../../src/app.ts';
import type { AppRole } from '../../src/app.ts';
import { createLogger } from '../../src/platform/logger.ts';

export type AppServerPlan = Readonly<{
  appUrl: string;
  redisUrl: string;
  masterKey: string;
  roles?: readonly AppRole[];
}>;

const plan = JSON.parse(process.argv[2] ?? '{}') as AppServerPlan;
const app = await createApp({
  roles: plan.roles ?? APP_ROLES,
  databaseUrl: plan.appUrl,
  redisUrl: plan.redisUrl,
  masterKey: plan.masterKey,
  host: '127.0.0.1',
  port: 0,
  mayMove: true,
  bodyLimitBytes: 1_000_000,
  logger: createLogger({ level: 'warn' }),
});
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
process.stdout.write(`${app.url}\n`);
