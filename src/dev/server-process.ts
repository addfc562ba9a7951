import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { commandAs } from './unprivileged-user.ts';
import type { UnprivilegedUser } from './unprivileged-user.ts';
import { findRunningProcess } from './running-process.ts';

export type ServerProcess = Readonly<{
  pid: number;
  /** Settles when the process has ended, for whatever reason. */
  exited: Promise<void>;
  hasExited(): boolean;
  /** Sends `signal` and waits; after the deadline `lastSignal` ends it. Safe to repeat. */
  stop(signal: NodeJS.Signals, options: { deadlineMs: number; lastSignal: NodeJS.Signals }): Promise<void>;
}>;

/**
 * Starts a server with its output in `logPath`, in a process group of its own: a Ctrl-C in the terminal reaches us
 * alone, and we stop our servers in the right order. It does not keep this process alive, and ends with it.
 */
export async function startServerProcess(options: {
  program: string;
  args: readonly string[];
  logPath: string;
  user?: UnprivilegedUser | undefined;
}): Promise<ServerProcess> {
  const { program, args, ids } = commandAs(options.user, options.program, options.args);
  const log = openSync(options.logPath, 'w', 0o600);
  const child = spawn(program, args, {
    ...ids,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} was started without a process id.`);

  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const stopWithUs = (): void => void child.kill('SIGINT');
  process.once('exit', stopWithUs);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve())).finally(() =>
    process.off('exit', stopWithUs),
  );
  child.unref();

  return {
    pid,
    exited,
    hasExited,
    stop: async (signal, { deadlineMs, lastSignal }) => {
      if (hasExited()) return;
      child.ref();
      child.kill(signal);
      const timer = setTimeout(() => child.kill(lastSignal), deadlineMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Ends a server that an earlier process of ours left behind, and waits for it. */
export async function endLeftoverProcess(pid: number, signal: NodeJS.Signals, deadlineMs: number): Promise<void> {
  const leftover = findRunningProcess(pid);
  if (leftover === undefined) return;
  process.kill(pid, signal);
  const deadline = performance.now() + deadlineMs;
  while (findRunningProcess(pid)?.startedAt === leftover.startedAt) {
    if (performance.now() > deadline)
      throw new Error(`Process ${pid} (${leftover.command}) does not end; stop it by hand.`);
    await delay(50);
  }
}

/** The last lines of a server's log, for an error message. */
export function tailOfLog(path: string, lines = 15): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
