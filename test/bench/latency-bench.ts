import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes, randomUUID } from 'node:crypto';
import { APP_ROLES, createApp } from '../../src/app.ts';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createApiKey } from '../../src/tenants/create-api-key.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import type { Bench } from './bench.ts';

const PER_MINUTE = 5_000;
const GOAL_MS = 100;
const SECRET = 'key_bench';

/** At a steady 5,000 webhooks a minute: from the client's send until `GET /v1/usage` shows it. */
export const latencyBench: Bench = {
  name: 'latency',
  summary: 'how fast a webhook becomes a figure that finance can read',
  async prepare({ quick, servers }) {
    const seconds = quick ? 5 : 15;
    const logger = createLogger({ level: 'warn' });
    const { appUrl } = await servers.newDatabase();
    const masterKey = randomBytes(32);
    const app = await createApp({
      roles: APP_ROLES,
      databaseUrl: appUrl,
      redisUrl: servers.redisUrl,
      masterKey: masterKey.toString('base64'),
      host: '127.0.0.1',
      port: 0,
      mayMove: true,
      bodyLimitBytes: 1_000_000,
      logger,
    });
    const orm = createOrm(appUrl, { logger });
    const { path } = await createSource(
      { orm, masterKey },
      { provider: 'retell', account: 'org_1', secrets: [SECRET], mode: 'test' },
    );
    const { key } = await createApiKey({ orm }, { role: 'finance' });
    const tails: number[] = [];
    let shown = 0;

    /** How many calls `GET /v1/usage` counts. */
    async function counted(): Promise<number> {
      const query = 'mode=test&window=none&group_by=&from=2026-01-01&to=2027-01-01';
      const response = await fetch(`${app.url}/v1/usage?${query}`, { headers: { authorization: `Bearer ${key}` } });
      const { data } = (await response.json()) as { data: readonly { event_count: number }[] };
      return data[0]?.event_count ?? 0;
    }

    async function post(): Promise<void> {
      const body = Buffer.from(
        JSON.stringify(
          retellSample('call_ended', {
            key: randomUUID(),
            at: new Date('2026-06-01T10:00:00Z'),
            agentId: 'agent_bench',
          }),
        ),
      );
      const response = await fetch(`${app.url}${path}`, {
        method: 'POST',
        headers: signWebhook('retell', body, SECRET, Date.now()),
        body: new Uint8Array(body),
      });
      if (response.status !== 202) throw new Error(`A webhook was answered ${response.status}.`);
    }

    async function p95(): Promise<number> {
      const total = Math.round((PER_MINUTE / 60) * seconds);
      const sentAt: number[] = [];
      const durations: number[] = [];
      const base = shown;
      const watch = (async () => {
        while (durations.length < total) {
          const count = (await counted()) - base;
          // The k-th webhook to be counted is taken for the k-th that was sent.
          for (const now = performance.now(); durations.length < count;)
            durations.push(now - (sentAt[durations.length] ?? now));
          // A poller that asks without a pause would measure itself.
          await pause(15);
        }
      })();
      const startedAt = performance.now();
      const posts: Promise<void>[] = [];
      for (let index = 0; index < total; index += 1) {
        const dueMs = startedAt + (index * 60_000) / PER_MINUTE - performance.now();
        if (dueMs > 0) await pause(dueMs);
        sentAt.push(performance.now());
        posts.push(post());
      }
      await Promise.all(posts);
      await watch;
      shown += total;
      durations.sort((a, b) => a - b);
      tails.push(
        durations[Math.floor(total * 0.5)] ?? 0,
        durations[Math.floor(total * 0.95)] ?? 0,
        durations[Math.floor(total * 0.99)] ?? 0,
      );
      return durations[Math.floor(total * 0.95)] ?? Number.NaN;
    }
    await p95();
    tails.length = 0;
    return {
      unit: 'per second (1000 ms / p95)',
      ours: { name: 'hookledger', run: async () => 1_000 / (await p95()) },
      others: [{ name: `p95 of ${GOAL_MS} ms`, run: () => Promise.resolve(1_000 / GOAL_MS) }],
      goals: [{ against: `p95 of ${GOAL_MS} ms`, atLeast: 1 }],
      settings: {
        work: `${PER_MINUTE} webhooks a minute for ${seconds} s a round, all four roles in one process, client and poller in it too`,
        durability: 'PostgreSQL fsync and synchronous_commit on; Redis AOF everysec',
      },
      remarks: () =>
        Array.from({ length: tails.length / 3 }, (_, round) => {
          const [p50 = 0, at95 = 0, p99 = 0] = tails.slice(round * 3, round * 3 + 3);
          return `round ${round + 1}: p50 ${p50.toFixed(0)} ms, p95 ${at95.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`;
        }),
      async close() {
        await app.close();
        await orm.close(true);
      },
    };
  },
};
