import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AppRole } from '../../src/app.ts';
import { findFreePort } from '../../src/dev/free-port.ts';
import { startScript, stopScript } from '../support/run-script.ts';
import type { DrillServers } from './drill-servers.ts';
import type { DrillServerPlan } from './drill-server.ts';

/** One process of the application, as its supervisor sees it. */
export type PlantProcess = Readonly<{
  role: AppRole;
  /** Stays the same when it is started again. */
  port: number;
  pid(): number;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** SIGKILL, and waits for nothing. */
  abandon(): void;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** Resolves when it serves. */
  start(): Promise<void>;
}>;

/** The application as in production: each role in processes of its own. */
export type Plant = Readonly<{
  all: readonly PlantProcess[];
  of(role: AppRole): readonly PlantProcess[];
  /** What ended without being told to. */
  crashes(): readonly string[];
  close(): Promise<void>;
}>;

export type PlantOptions = Readonly<{
  servers: DrillServers;
  masterKey: string;
  effectsUrl: string;
  isPoisoned: boolean;
  processes: Readonly<Record<AppRole, number>>;
  /** Loaded before the application, in the processes that it names. */
  preload?: (
    role: AppRole,
    index: number,
    dataDir: string,
  ) => { script: URL; env: Readonly<Record<string, string>> } | undefined;
}>;

/** A dozen processes start in a drill, each with the same thousand files. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/hookledger-drills', import.meta.url));

export async function startPlant(options: PlantOptions): Promise<Plant> {
  const crashes: string[] = [];
  const all: PlantProcess[] = [];
  for (const [role, count] of Object.entries(options.processes) as [AppRole, number][]) {
    for (let index = 0; index < count; index += 1) {
      const port = await findFreePort();
      all.push(createProcess({ ...options, role, index, port, onCrash: (text) => crashes.push(text) }));
    }
  }
  // Also when the drill is interrupted: nothing of it goes on.
  const endWithUs = (): void => all.forEach((each) => each.abandon());
  process.once('exit', endWithUs);
  // One first: it compiles for all the others.
  await all[0]?.start();
  await Promise.all(all.slice(1).map((each) => each.start()));
  return {
    all,
    of: (role) => all.filter((each) => each.role === role),
    crashes: () => crashes,
    async close() {
      process.off('exit', endWithUs);
      await Promise.all(all.map((each) => each.stop()));
    },
  };
}

type ProcessOptions = PlantOptions &
  Readonly<{ role: AppRole; index: number; port: number; onCrash: (text: string) => void }>;

function createProcess(options: ProcessOptions): PlantProcess {
  const { servers, role, index, port } = options;
  const preload = options.preload?.(role, index, servers.dataDir);
  const plan: DrillServerPlan = {
    roles: [role],
    appUrl: servers.appUrl,
    redisUrl: servers.redisUrl,
    masterKey: options.masterKey,
    port,
    effectsUrl: options.effectsUrl,
    isPoisoned: options.isPoisoned,
  };
  let child: ChildProcess | undefined;
  let isExpectedToEnd = true;

  const running = (): ChildProcess => {
    if (child === undefined) throw new Error(`The ${role} ${index} was never started.`);
    return child;
  };
  async function end(how: (process: ChildProcess) => Promise<void>): Promise<void> {
    if (child === undefined) return;
    isExpectedToEnd = true;
    await how(child);
  }

  return {
    role,
    port,
    pid: () => running().pid ?? -1,
    pause: () => void running().kill('SIGSTOP'),
    resume: () => void running().kill('SIGCONT'),
    stop: () => end(stopScript),
    abandon: () => void child?.kill('SIGKILL'),
    kill: () =>
      end(async (process) => {
        if (process.exitCode !== null || process.signalCode !== null) return;
        const exited = once(process, 'exit');
        process.kill('SIGKILL');
        await exited;
      }),
    async start() {
      const started = await startScript(new URL('./drill-server.ts', import.meta.url), plan, {
        execArgv: [
          '--disable-warning=ExperimentalWarning',
          ...(preload === undefined ? [] : ['--import', preload.script.href]),
        ],
        env: { NODE_COMPILE_CACHE: COMPILED, ...preload?.env },
      });
      child = started.child;
      isExpectedToEnd = false;
      child.once('exit', (code, signal) => {
        if (!isExpectedToEnd) options.onCrash(`the ${role} ${index} ended by itself with ${String(code ?? signal)}`);
      });
    },
  };
}
