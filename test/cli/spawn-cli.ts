import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/hookledger.js', import.meta.url));

/** Where Node keeps compiled code of its own accord: with it, a command takes half the time. */
const compileCache = join(tmpdir(), 'node-compile-cache');

export type CliResult = Readonly<{ code: number; stdout: string; stderr: string }>;

export type CliEnvironment = Readonly<Record<string, string>>;

/** The real command line as a process of its own, in an environment that holds nothing but what is given. */
export async function runCli(args: readonly string[], env: CliEnvironment = {}): Promise<CliResult> {
  const child = spawnProgram(args, env);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const [code] = await once(child, 'close');
  return { code: Number(code), ...output };
}

/** The document that a command prints with `--json`; a command that fails is an error here. */
export async function runCliForJson(args: readonly string[], env: CliEnvironment): Promise<unknown> {
  const result = await runCli([...args, '--json'], env);
  if (result.code !== 0) throw new Error(`hookledger ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
  return JSON.parse(result.stdout);
}

export type Starting = Readonly<{
  /** The first line on standard output or error that the pattern fits, also one of before; rejects when it ends without. */
  line(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  ended: Promise<CliResult>;
}>;

/** `hookledger start`, whether or not it ever answers. */
export function spawnServer(args: readonly string[], env: CliEnvironment): Starting {
  const child = spawnProgram(['start', ...args], env);
  const output = { stdout: '', stderr: '' };
  const seen: string[] = [];
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    createInterface(child[name]).on('line', (line) => {
      output[name] += `${line}\n`;
      seen.push(line);
      for (const look of waiting) look();
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: Number(code), ...output }));
  return {
    line(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const look = (): void => {
        const line = seen.find((each) => pattern.test(each));
        if (line === undefined) return;
        waiting.delete(look);
        resolve(line);
      };
      waiting.add(look);
      look();
      void ended.then(({ stdout, stderr }) => reject(new Error(`It ended without ${pattern}: ${stdout}${stderr}`)));
      return promise;
    },
    signal: (name) => void child.kill(name),
    ended,
  };
}

export type RunningServer = Readonly<{
  url: string;
  /** Sends the signal that Ctrl-C sends and waits for the end. */
  interrupt(): Promise<CliResult>;
  /** Ends it at once, as a crash or a lost machine would. */
  kill(): Promise<void>;
}>;

/** `hookledger start`, once it says where it answers. */
export async function startServer(args: readonly string[], env: CliEnvironment): Promise<RunningServer> {
  const { line, signal, ended } = spawnServer(args, env);
  const address = /http:\/\/127\.0\.0\.1:\d+/;
  const url = address.exec(await line(address))?.[0] ?? '';
  return {
    url,
    interrupt: () => {
      signal('SIGINT');
      return ended;
    },
    kill: async () => {
      signal('SIGKILL');
      await ended;
    },
  };
}

function spawnProgram(args: readonly string[], env: CliEnvironment) {
  return spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
