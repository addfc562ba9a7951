import { randomBytes } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import { createLogger } from '../../src/platform/logger.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { importPeer } from './import-peer.ts';
import type { Bench, Contestant } from './bench.ts';
import type { IngestKind, IngestServerPlan } from './ingest-server.ts';
import type { LoadPlan, LoadResult } from './load-client.ts';
import { median } from './quantile.ts';
import { startScript, stopScript } from '../support/run-script.ts';

const CONNECTIONS = 400;
const MAX_CONNECTIONS = 2_000;
/** Of a contestant's own capacity: busy, but not falling behind. */
const OFFERED_SHARE = 0.7;
const SECRET = 'key_bench';
const KINDS: Readonly<Record<IngestKind, string>> = {
  hookledger: 'hookledger',
  limit: 'limit: no event store',
  'one-transaction': 'one transaction a request',
  'queue-add': 'queue.add, then 2xx (loses what Redis loses)',
  'pg-boss': 'pg-boss in the transaction',
  'graphile-worker': 'graphile-worker in the transaction',
};

/**
 * HTTP to durable, over loopback, the client in a process of its own. A round of a contestant has two phases. The first
 * is closed-loop, 400 connections that each wait for their answer, and finds the capacity: the figure that is compared.
 * The second is open-loop: requests are due by the clock at 70 % of that capacity, whatever the answers do, over as many
 * kept-alive connections as it takes, and latency counts from the time at which a request was due, so that a stall is
 * counted against every request that it delays. One rate for all would leave the fast ones idle or flood the slow ones.
 */
export const ingestBench = createIngestBench('ingest', 750, { limit: 0.6, transaction: 5, queueAdd: 1.1 });
export const ingest4kBench = createIngestBench('ingest-4k', 4_096, { limit: 0.4, transaction: 3, queueAdd: undefined });

function createIngestBench(
  name: string,
  bodyBytes: number,
  goals: { limit: number; transaction: number; queueAdd: number | undefined },
): Bench {
  return {
    name,
    summary: `webhooks of ${bodyBytes} bytes answered 2xx a second`,
    async prepare({ quick, servers }) {
      const phaseMs = quick ? 2_000 : 5_000;
      const children: ChildProcess[] = [];
      const rounds = new Map<string, LoadResult[]>();

      async function contestant(kind: IngestKind): Promise<Contestant> {
        const { adminUrl, appUrl } = await servers.newDatabase();
        const masterKey = randomBytes(32);
        const orm = createOrm(appUrl, { logger: createLogger({ level: 'warn' }) });
        const { path } = await createSource(
          { orm, masterKey },
          { provider: 'retell', account: 'org_1', secrets: [SECRET], mode: 'test' },
        );
        await orm.close(true);
        if (kind === 'graphile-worker') await migrateGraphileWorker(adminUrl);
        const plan: IngestServerPlan = {
          kind,
          appUrl,
          adminUrl,
          redisUrl: servers.redisUrl,
          masterKey: masterKey.toString('base64'),
          secret: SECRET,
        };
        const { child, firstLine: url } = await startScript(new URL('./ingest-server.ts', import.meta.url), plan);
        children.push(child);
        return {
          name: KINDS[kind],
          async run() {
            const load: LoadPlan = {
              url,
              path,
              secret: SECRET,
              bodyBytes,
              phaseMs,
              connections: CONNECTIONS,
              maxConnections: MAX_CONNECTIONS,
              share: OFFERED_SHARE,
            };
            const { child: client, firstLine } = await startScript(new URL('./load-client.ts', import.meta.url), load);
            await stopScript(client);
            const result = JSON.parse(firstLine) as LoadResult;
            if (result.refused > 0) throw new Error(`${KINDS[kind]} refused ${result.refused} requests.`);
            rounds.set(KINDS[kind], [...(rounds.get(KINDS[kind]) ?? []), result]);
            return result.perSecond;
          },
        };
      }
      const ours = await contestant('hookledger');
      const others: Contestant[] = [];
      for (const kind of ['limit', 'one-transaction', 'queue-add', 'pg-boss', 'graphile-worker'] as const)
        others.push(await contestant(kind));
      return {
        unit: 'webhooks/s',
        ours,
        others,
        goals: [
          { against: KINDS.limit, atLeast: goals.limit },
          { against: KINDS['one-transaction'], atLeast: goals.transaction },
          ...(goals.queueAdd === undefined ? [] : [{ against: KINDS['queue-add'], atLeast: goals.queueAdd }]),
        ],
        settings: {
          work: `signed webhooks of ${bodyBytes} bytes`,
          capacity: `${phaseMs / 1_000} s a round, ${CONNECTIONS} kept-alive connections, each waiting for its answer`,
          latency: `${phaseMs / 1_000} s a round, by the clock at ${OFFERED_SHARE * 100} % of the capacity just found, from the time due`,
          durability: 'PostgreSQL fsync and synchronous_commit on; Redis AOF everysec',
        },
        remarks: () => [...rounds].map(([who, results]) => `${who}: ${describeLatency(results)}`),
        async close() {
          for (const child of children) await stopScript(child);
        },
      };
    },
  };
}

function describeLatency(rounds: readonly LoadResult[]): string {
  const of = (figure: keyof LoadResult): readonly number[] => rounds.map((round) => round[figure]);
  const worstMs = Math.max(...of('p99Ms'));
  return (
    `${Math.round(median(of('offeredPerSecond')))} a second offered, p50 ${median(of('p50Ms')).toFixed(1)} ms, ` +
    `p99 ${median(of('p99Ms')).toFixed(1)} ms (medians; the worst round's p99 ${worstMs.toFixed(1)} ms), ` +
    `${Math.max(...of('connections'))} connections`
  );
}

async function migrateGraphileWorker(connectionString: string): Promise<void> {
  const { runMigrations } = await importPeer<{
    runMigrations: (options: { connectionString: string }) => Promise<void>;
  }>('graphile-worker');
  await runMigrations({ connectionString });
}
