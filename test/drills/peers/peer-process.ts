import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { startScript, stopScript } from '../../support/run-script.ts';
import { log } from './log.ts';
import type { PeerServerPlan } from './peer-server.ts';

/** One process under a supervisor, which starts it again a second after it has ended by itself. */
export type PeerProcess = Readonly<{
  index: number;
  port: number;
  /** SIGKILL, and waits for the end; it stays down until `start`. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** SIGTERM, and SIGKILL for one that does not heed it. */
  close(): Promise<void>;
  /** How often it ended by itself. */
  crashes(): number;
}>;

const RESTART_MS = 1_000;
const STOP_DEADLINE_MS = 5_000;

export function createPeerProcess(plan: PeerServerPlan, compileCache: string): PeerProcess {
  let child: ChildProcess | undefined;
  let isWanted = false;
  let crashes = 0;

  async function start(): Promise<void> {
    isWanted = true;
    const started = await startScript(new URL('./peer-server.ts', import.meta.url), plan, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { NODE_COMPILE_CACHE: compileCache },
    });
    child = started.child;
    if (!isWanted) return stopScript(child);
    child.once('exit', () => {
      if (isWanted) void restart();
    });
  }

  async function restart(): Promise<void> {
    crashes += 1;
    await pause(RESTART_MS);
    if (!isWanted) return;
    await start().catch((error: unknown) => {
      log(error);
      return restart();
    });
  }

  async function kill(): Promise<void> {
    isWanted = false;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  return {
    index: plan.index,
    port: plan.port,
    start,
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    crashes: () => crashes,
    async close() {
      isWanted = false;
      child?.kill('SIGCONT');
      const deadline = setTimeout(() => void kill(), STOP_DEADLINE_MS);
      if (child !== undefined) await stopScript(child);
      clearTimeout(deadline);
    },
  };
}
