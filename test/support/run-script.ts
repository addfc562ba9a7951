import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Starts a script with a plan as JSON, in a process of its own; answers the process and the first line it prints. */
export async function startScript(
  script: URL,
  plan: object,
  options: { execArgv?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<{ child: ChildProcess; firstLine: string }> {
  const path = fileURLToPath(script);
  const child = spawn(process.execPath, [...(options.execArgv ?? []), path, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...options.env },
  });
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, 'exit').then(([code, signal]) =>
    Promise.reject(new Error(`${path} ended with ${String(code ?? signal)}.`)),
  );
  const [firstLine] = (await Promise.race([once(lines, 'line'), exited])) as [string];
  exited.catch(() => undefined);
  return { child, firstLine };
}

/** Asks the process to end, and waits for it. Safe to repeat. */
export async function stopScript(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
