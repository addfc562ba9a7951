import { randomBytes } from 'node:crypto';
import { createLogger } from '../../src/platform/logger.ts';
import { createApiKey } from '../../src/tenants/create-api-key.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import type { AppServerPlan } from './app-server.ts';
import type { Bench } from './bench.ts';
import type { LatencyPlan, LatencyResult } from './latency-client.ts';
import { startScript, stopScript } from '../support/run-script.ts';

const PER_MINUTE = 5_000;
const GOAL_MS = 100;
const SECRET = 'key_bench';

/** At a steady 5,000 webhooks a minute: from the client's send until `GET /v1/usage` shows it. */
export const latencyBench: Bench = {
  name: 'latency',
  summary: 'how fast a webhook becomes a figure that finance can read',
  async prepare({ quick, servers }) {
    const seconds = quick ? 5 : 15;
    const { appUrl } = await servers.newDatabase();
    const masterKey = randomBytes(32);
    const orm = createOrm(appUrl, { logger: createLogger({ level: 'warn' }) });
    const { path } = await createSource(
      { orm, masterKey },
      { provider: 'retell', account: 'org_1', secrets: [SECRET], mode: 'test' },
    );
    const { key } = await createApiKey({ orm }, { role: 'finance' });
    await orm.close(true);
    const app: AppServerPlan = { appUrl, redisUrl: servers.redisUrl, masterKey: masterKey.toString('base64') };
    const { child, firstLine: url } = await startScript(new URL('./app-server.ts', import.meta.url), app);
    const rounds: LatencyResult[] = [];

    async function measure(): Promise<LatencyResult> {
      const plan: LatencyPlan = { url, path, secret: SECRET, key, perMinute: PER_MINUTE, seconds };
      const { child: client, firstLine } = await startScript(new URL('./latency-client.ts', import.meta.url), plan);
      await stopScript(client);
      return JSON.parse(firstLine) as LatencyResult;
    }
    // The first seconds compile code and open connections.
    await measure();
    return {
      unit: 'per second (1000 ms / p95)',
      ours: {
        name: 'hookledger',
        async run() {
          const round = await measure();
          rounds.push(round);
          return 1_000 / round.p95Ms;
        },
      },
      others: [{ name: `p95 of ${GOAL_MS} ms`, run: () => Promise.resolve(1_000 / GOAL_MS) }],
      goals: [{ against: `p95 of ${GOAL_MS} ms`, atLeast: 1 }],
      settings: {
        work: `${PER_MINUTE} webhooks a minute for ${seconds} s a round, all four roles in one process`,
        client: 'sends, and asks GET /v1/usage one request at a time, in a process of its own',
        durability: 'PostgreSQL fsync and synchronous_commit on; Redis AOF everysec',
      },
      remarks: () =>
        rounds.map(
          ({ p50Ms, p95Ms, p99Ms, pollMs }, index) =>
            `round ${index + 1}: p50 ${p50Ms.toFixed(0)} ms, p95 ${p95Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms, ` +
            `an answer about the figures every ${pollMs.toFixed(0)} ms`,
        ),
      close: () => stopScript(child),
    };
  },
};
