/** One process of the application with the roles of its plan: prints its URL, then serves until it is told to end. */
import type { AppRole } from '../../src/app.ts';
import { createApp } from '../../src/app.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createDrillAdapters, createDrillHandlers } from './drill-handlers.ts';

export type DrillServerPlan = Readonly<{
  roles: readonly AppRole[];
  appUrl: string;
  redisUrl: string;
  masterKey: string;
  port: number;
  /** Of the outside that the handlers call. */
  effectsUrl: string;
  /** Whether some jobs fail. */
  isPoisoned: boolean;
}>;

const plan = JSON.parse(process.argv[2] ?? '{}') as DrillServerPlan;
const app = await createApp({
  roles: plan.roles,
  databaseUrl: plan.appUrl,
  redisUrl: plan.redisUrl,
  masterKey: plan.masterKey,
  host: '127.0.0.1',
  port: plan.port,
  mayMove: false,
  bodyLimitBytes: 1_000_000,
  adapters: createDrillAdapters(plan.effectsUrl),
  handlers: createDrillHandlers(plan),
  logger: createLogger({ level: 'fatal' }),
});
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
process.stdout.write(`${app.url}\n`);
