import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';
import type { Projection } from './projection.ts';
import type { MovedListener, ProjectionRunner, ProjectionRunnerDeps } from './run-projection.ts';
import { createProjectionRunner } from './run-projection.ts';

/** Folds into every version that is to be kept up to date: the active ones, rebuilt ones, and those kept for a roll-back. */
export type VersionRunners = Readonly<{
  /** Looks into the registry now: begins with what is new in it, ends with what is gone, drops what was kept long enough. */
  refresh(): Promise<void>;
  /** Until aborted; resolves when no fold is under way. */
  run(signal: AbortSignal): Promise<void>;
  /** See `ProjectionRunner`. */
  wake(position?: bigint): void;
  /** Called after each commit that moved the least position of the active versions that run here; must not throw. */
  onMoved(listener: MovedListener): () => void;
}>;

export type VersionRunnersDeps = Omit<ProjectionRunnerDeps, 'projection'> &
  Readonly<{ projections: readonly Projection[] }>;

type Running = {
  runner: ProjectionRunner;
  stop: AbortController;
  running: Promise<void>;
  isActive: boolean;
  position: bigint;
};

/** Between two looks. A version that is promoted runs already. */
const REFRESH_MS = 1_000;

export function createVersionRunners(deps: VersionRunnersDeps): VersionRunners {
  const { pool, projections, logger } = deps;
  const runners = new Map<string, Running>();
  const listeners = new Set<MovedListener>();
  let isRunning = false;

  function add(key: string, projection: Projection): void {
    const runner = createProjectionRunner({ ...deps, projection });
    const stop = new AbortController();
    const added: Running = { runner, stop, running: Promise.resolve(), isActive: false, position: 0n };
    runner.onMoved((position, at) => {
      added.position = position;
      if (!added.isActive) return;
      const active = [...runners.values()].filter((each) => each.isActive).map((each) => each.position);
      const least = active.reduce((a, b) => (a < b ? a : b));
      for (const listener of listeners) listener(least, at);
    });
    runners.set(key, added);
    added.running = runner.run(stop.signal);
  }

  async function refresh(): Promise<void> {
    const versions = await readVersions(pool);
    const wanted = new Map(versions.map((each) => [`${each.name} ${each.version}`, each]));
    for (const [key, { name, version, foldVersion, isActive }] of wanted) {
      const known = projections.find((each) => each.name === name && each.foldVersion === foldVersion);
      // Registered by a newer release, which folds it, too.
      if (known === undefined) continue;
      if (!runners.has(key)) add(key, known.at(version));
      const running = runners.get(key);
      if (running !== undefined) running.isActive = isActive;
    }
    for (const [key, { stop }] of runners) {
      if (wanted.has(key)) continue;
      stop.abort();
      runners.delete(key);
      logger.info({ projection: key }, 'this version is not kept up to date any more');
    }
    await dropExpired(pool);
  }

  return {
    refresh,
    async run(signal) {
      isRunning = true;
      const signals = createWakeSignal();
      while (!signal.aborted) {
        await refresh().catch((err: unknown) => logger.error({ err }, 'the registry of projections was not read'));
        await signals.wait(REFRESH_MS, signal);
      }
      for (const { stop } of runners.values()) stop.abort();
      await Promise.all([...runners.values()].map(({ running }) => running));
    },
    wake(position) {
      if (isRunning) for (const { runner } of runners.values()) runner.wake(position);
    },
    onMoved(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

type Version = Readonly<{ name: string; version: number; foldVersion: number; isActive: boolean }>;

async function readVersions(pool: Pool): Promise<readonly Version[]> {
  const { rows } = await withTransaction(pool, { tenant: '*' }, (tx) =>
    tx.query<Version>(
      `select name, version, fold_version as "foldVersion", state = 'active' as "isActive" from hookledger.projections
       where state in ('active', 'verifying') or (state = 'retired' and keep_until > clock_timestamp())`,
    ),
  );
  return rows;
}

/** One at a time; what another projector is dropping is left to it. */
async function dropExpired(pool: Pool): Promise<void> {
  await withTransaction(pool, { tenant: '*' }, (tx) =>
    tx.query(
      `select hookledger.drop_version(name, version) from (
         select name, version from hookledger.projections
         where state = 'retired' and keep_until <= clock_timestamp()
         limit 1 for update skip locked
       ) expired`,
    ),
  );
}
