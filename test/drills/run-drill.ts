import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createLogger } from '../../src/platform/logger.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { createPool } from '../../src/platform/postgres.ts';
import { compare } from './compare.ts';
import { tellStories } from './deliveries.ts';
import type { Drill, DrillResult, Scene } from './drill.ts';
import { newDataDirectory, startDrillServers } from './drill-servers.ts';
import type { DrillServers } from './drill-servers.ts';
import { startEffectServer } from './effect-server.ts';
import { startPlant } from './plant.ts';
import type { Plant } from './plant.ts';
import { createProviderClient } from './provider-client.ts';
import { readProgress, untilFinished } from './read-progress.ts';
import { setUpPlant } from './set-up-plant.ts';

const TENANTS = 8;
/** Webhooks: each is some jobs, and with `--quick` the machine is most often not ours alone. */
const PER_SECOND = { quick: 50, full: 100 };
const PROCESSES = { api: 2, relay: 2, worker: 2, projector: 1 } as const;
/** For what has to end some time: beyond it, the drill says what has not. */
const END_DEADLINE_MS = 150_000;

export type DrillReport = Readonly<{ result: DrillResult; problems: readonly string[]; notes: readonly string[] }>;

/** `maxRecoverySeconds`: a drill that takes longer has failed. */
export type DrillOptions = Readonly<{ isQuick: boolean; maxRecoverySeconds: number }>;

/** One drill on servers of its own: load, fault in the middle, recovery, comparison. */
export async function runDrill(drill: Drill, options: DrillOptions): Promise<DrillReport> {
  const whyNot = whyNotHere(drill);
  if (whyNot !== undefined) return leftOut(drill, whyNot);
  const dataDir = newDataDirectory();
  const takeBack = drill.prepare?.(dataDir);
  const clear = (): void => {
    takeBack?.();
    rmSync(dataDir, { recursive: true, force: true });
  };
  // The servers end with this process, also when it is interrupted.
  process.once('exit', clear);
  try {
    return await runOnServers(drill, { ...options, servers: await startDrillServers(dataDir) });
  } finally {
    process.off('exit', clear);
    clear();
  }
}

async function runOnServers(drill: Drill, options: DrillOptions & { servers: DrillServers }): Promise<DrillReport> {
  const { servers } = options;
  const pool = createAdminPool(servers.adminUrl);
  const effects = await startEffectServer();
  try {
    const { masterKey, sources } = await setUpPlant(servers.appUrl, TENANTS);
    const processes = { ...PROCESSES, ...drill.processes };
    const plant = await startPlant({
      servers,
      masterKey,
      effectsUrl: effects.url,
      isPoisoned: drill.isPoisoned === true,
      processes,
      ...(drill.preload === undefined ? {} : { preload: drill.preload }),
    });
    try {
      const client = createProviderClient({
        ports: plant.of('api').map(({ port }) => port),
        sources,
        deliveries: tellStories(TENANTS),
        perSecond: options.isQuick ? PER_SECOND.quick : PER_SECOND.full,
      });
      return await runUnderLoad(drill, { ...options, masterKey, plant, client, effects, pool });
    } finally {
      await closePlant(plant);
    }
  } finally {
    await pool.end();
    await effects.close();
    await servers.close();
  }
}

/** Why the drill cannot run on this machine; undefined where it can. */
export function whyNotHere(drill: Drill): string | undefined {
  const hasRedis = ['redis-server', 'valkey-server'].some((program) => spawnSync(program, ['--version']).status === 0);
  return hasRedis ? drill.whyNot?.() : 'there is neither redis-server nor valkey-server on the PATH';
}

type Stage = DrillOptions &
  Readonly<{ servers: DrillServers; plant: Plant; pool: Pool }> &
  Pick<Scene, 'client' | 'effects' | 'masterKey'>;

async function runUnderLoad(drill: Drill, stage: Stage): Promise<DrillReport> {
  const { client, pool, plant, effects, isQuick } = stage;
  const problems: string[] = [];
  const notes: string[] = [];
  const inFlight: number[] = [];
  let clock = performance.now();
  const scene: Scene = {
    ...stage,
    broke(count) {
      inFlight.push(count);
      if (count === 0) problems.push('nothing was under way when it broke, so nothing is proven');
      clock = performance.now();
    },
    mended: () => void (clock = performance.now()),
    note: (text) => notes.push(text),
  };

  const loadMs = isQuick ? 6_000 : 20_000;
  const stop = new AbortController();
  const startedAt = performance.now();
  const sending = client.run(stop.signal);
  await client.nextAccepted();
  await pause(loadMs / 3);
  const check = await drill.fault(scene);
  const recovering = untilRecovered(scene, () => clock);
  await pause(Math.max(0, startedAt + loadMs - performance.now()));
  // Recovery is told from what is accepted now, so the load goes on until then.
  const recoverySeconds = await recovering;
  stop.abort();
  await sending;

  const end = await untilFinished(pool, { deadlineMs: END_DEADLINE_MS });
  if (!end.isFinished) {
    const { mark, drawn, projected, open } = end;
    problems.push(`not finished: ${open} jobs open, mark at ${mark} of ${drawn}, read models at ${projected}`);
  }
  const accepted = client.accepted();
  const comparison = await compare({ pool, effects }, accepted, drill.mayDie);
  notes.push(...comparison.notes);
  problems.push(...comparison.problems, ...((await check?.()) ?? []));
  problems.push(...plant.crashes());
  if (inFlight.length === 0) problems.push('nothing was broken');
  if (accepted.length < client.sent()) problems.push(`${client.sent() - accepted.length} were never answered 2xx`);
  if (recoverySeconds === undefined) problems.push('not recovered');
  for (const [why, count] of client.failures()) notes.push(`${count} requests failed: ${why}`);
  const { lost, doubled, reordered } = comparison;
  return {
    result: {
      drill: drill.name,
      sent: client.sent(),
      accepted: accepted.length,
      inFlight: inFlight.reduce((sum, each) => sum + each, 0),
      lost,
      doubled,
      reordered,
      recoverySeconds: recoverySeconds ?? null,
      ok:
        lost + doubled + reordered + problems.length === 0 && (recoverySeconds ?? Infinity) <= stage.maxRecoverySeconds,
    },
    problems,
    notes,
  };
}

/**
 * In seconds from the clock: until all that was drawn by now is finished, and a webhook that is sent from now on is
 * answered 2xx.
 */
async function untilRecovered(scene: Scene, clock: () => number): Promise<number | undefined> {
  const next = scene.client.nextAccepted();
  const { drawn } = await readProgress(scene.pool);
  const { isFinished } = await untilFinished(scene.pool, { upTo: drawn, deadlineMs: END_DEADLINE_MS });
  if (!isFinished) return undefined;
  await next;
  return Math.round((performance.now() - clock()) / 100) / 10;
}

function createAdminPool(url: string): Pool {
  return createPool({
    url,
    applicationName: 'drill',
    max: 4,
    // A recount of a long log takes its time.
    statementTimeoutMs: 0,
    idleInTransactionTimeoutMs: 0,
    connectTimeoutMs: 30_000,
    logger: createLogger({ level: 'silent' }),
  });
}

/** A process that was left paused would never end. */
async function closePlant(plant: Plant): Promise<void> {
  for (const each of plant.all) each.resume();
  await plant.close();
}

function leftOut({ name }: Drill, why: string): DrillReport {
  const none = { sent: 0, accepted: 0, inFlight: 0, lost: 0, doubled: 0, reordered: 0 };
  return {
    result: { drill: name, ...none, recoverySeconds: null, ok: null },
    problems: [],
    notes: [`left out: ${why}`],
  };
}
