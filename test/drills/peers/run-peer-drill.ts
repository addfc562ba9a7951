import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findFreePort } from '../../../src/dev/free-port.ts';
import { withConnection } from '../../../src/platform/postgres.ts';
import { newDataDirectory, startDrillServers } from '../drill-servers.ts';
import { createProviderClient } from '../provider-client.ts';
import { startEffectServer } from './effect-server.ts';
import type { Effect, EffectServer } from './effect-server.ts';
import type { Peer } from './peer.ts';
import { tellOfThings } from './peer-deliveries.ts';
import type { PeerDrill, PeerScene } from './peer-drills.ts';
import { createPeerProcess } from './peer-process.ts';
import type { PeerProcess } from './peer-process.ts';

export type PeerResult = Readonly<{
  peer: string;
  version: string;
  drill: string;
  sent: number;
  accepted: number;
  inFlight: number;
  lost: number;
  /** Webhooks with more than one call to the outside. */
  doubled: number;
  /** null: the peer promises no order. */
  reordered: number | null;
  recoverySeconds: number | null;
}>;

const APIS = 2;
/** What the slowest of them does easily on two cores: a backlog would be counted as recovery. */
const PER_SECOND = 40;
/** Longer than the longest lease of any of them: what has had no call by then has none coming. */
const QUIET_MS = 75_000;

/** One drill on servers of its own: load, fault in the middle, recovery, comparison of the 2xx with the calls. */
export async function runPeerDrill(
  peer: Peer,
  drill: PeerDrill,
  options: { isQuick: boolean; note: (text: string) => void },
): Promise<PeerResult> {
  const dataDir = newDataDirectory();
  const servers = await startDrillServers(dataDir);
  const effects = await startEffectServer();
  const processes: PeerProcess[] = [];
  try {
    await withConnection(servers.adminUrl, (client) => client.query('create database peer'));
    const url = new URL(servers.adminUrl);
    url.pathname = '/peer';
    const urls = { databaseUrl: url.href, redisUrl: servers.redisUrl };
    await peer.setUp(urls);
    const startAll = async (role: 'api' | 'worker', count: number): Promise<PeerProcess[]> => {
      const started: PeerProcess[] = [];
      for (let index = 0; index < count; index += 1) {
        const plan = { ...urls, peer: peer.name, role, index, port: await findFreePort(), effectsUrl: effects.url };
        const process = createPeerProcess(plan, join(dataDir, 'compiled'));
        processes.push(process);
        started.push(process);
        await process.start();
      }
      return started;
    };
    const apis = await startAll('api', APIS);
    const workers = await startAll('worker', peer.workers);
    const source = { path: '/webhooks', secret: 'unread' };
    const client = createProviderClient({
      ports: apis.map(({ port }) => port),
      sources: { retell: source, stripe: source },
      deliveries: tellOfThings(),
      perSecond: PER_SECOND,
    });
    const result = await runUnderLoad(peer, drill, { ...urls, servers, apis, workers, client, effects }, options);
    const crashes = processes.reduce((sum, process) => sum + process.crashes(), 0);
    if (crashes > 0) options.note(`processes ended by themselves ${crashes} times, and were started again`);
    for (const [why, count] of client.failures()) options.note(`${count} requests failed: ${why}`);
    return result;
  } finally {
    await Promise.all(processes.map((process) => process.close()));
    await effects.close();
    await servers.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function runUnderLoad(
  peer: Peer,
  drill: PeerDrill,
  stage: Omit<PeerScene, 'broke'>,
  { isQuick, note }: { isQuick: boolean; note: (text: string) => void },
): Promise<PeerResult> {
  const { client, effects } = stage;
  let clock = performance.now();
  let inFlight = 0;
  const broke = (count: number): void => {
    inFlight += count;
    clock = performance.now();
  };
  const loadMs = isQuick ? 6_000 : 20_000;
  const acceptedIds = (): string[] => client.accepted().map(({ delivery }) => delivery.key);

  const stop = new AbortController();
  const startedAt = performance.now();
  const sending = client.run(stop.signal);
  await client.nextAccepted();
  await pause(loadMs / 3);
  const endFault = await drill.fault({ ...stage, broke });
  const before = acceptedIds();
  const next = Promise.race([client.nextAccepted().then(() => performance.now()), sending.then(() => undefined)]);
  await pause(Math.max(2_000, startedAt + loadMs - performance.now()));
  stop.abort();
  await sending;

  if (endFault !== undefined) {
    const missing = await untilStill(countMissing(effects, before), isQuick ? 15_000 : 30_000);
    if (missing > 0) note(`${missing} of ${before.length} had no call until the fault was ended`);
    await endFault();
  }
  const ids = acceptedIds();
  // What has been called for and is not recorded as done will be called for again: that is waited for, too.
  await untilStill(async () => (await countMissing(effects, ids)()) + (await peer.countOpen(stage)), QUIET_MS);
  const lost = await countMissing(effects, ids)();
  if (lost > 0 && peer.countStored !== undefined) {
    const missing = ids.filter((id) => effects.firstAt(id) === undefined);
    note(`of ${lost} lost, ${await peer.countStored(stage.databaseUrl, missing)} are in its store`);
  }
  const lastOfBefore = Math.max(...before.map((id) => effects.firstAt(id) ?? 0));
  const nextAt = await next;
  return {
    peer: peer.name,
    version: peer.version,
    drill: drill.name,
    sent: client.sent(),
    accepted: ids.length,
    inFlight,
    lost,
    doubled: countDoubled(effects.all()),
    reordered: peer.promisesOrder ? countReordered(effects.all()) : null,
    recoverySeconds: nextAt === undefined ? null : Math.round((Math.max(lastOfBefore, nextAt) - clock) / 100) / 10,
  };
}

/** Waits until the count is 0, or has not fallen for so long; answers the last one. */
async function untilStill(count: () => Promise<number>, quietMs: number): Promise<number> {
  let fewest = Infinity;
  for (let since = performance.now(); ;) {
    const left = await count();
    if (left < fewest) {
      fewest = left;
      since = performance.now();
    }
    if (left === 0 || performance.now() - since > quietMs) return left;
    await pause(200);
  }
}

/** How many have had no call. */
function countMissing(effects: EffectServer, ids: readonly string[]): () => Promise<number> {
  return () => Promise.resolve(ids.filter((id) => effects.firstAt(id) === undefined).length);
}

function countDoubled(effects: readonly Effect[]): number {
  const calls = new Map<string, number>();
  for (const { id } of effects) calls.set(id, (calls.get(id) ?? 0) + 1);
  return [...calls.values()].filter((count) => count > 1).length;
}

/** First calls that came after one of a later place in their thing; repeated calls are counted as doubled alone. */
function countReordered(effects: readonly Effect[]): number {
  const seen = new Set<string>();
  const last = new Map<string, number>();
  let reordered = 0;
  for (const { id, thing, order = 0 } of effects) {
    if (seen.has(id)) continue;
    seen.add(id);
    const before = last.get(thing) ?? -Infinity;
    if (order < before) reordered += 1;
    else last.set(thing, order);
  }
  return reordered;
}
