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

export type RunningServer = Readonly<{
  url: string;
  /** Sends the signal that Ctrl-C sends and waits for the end. */
  interrupt(): Promise<CliResult>;
  /** Ends it at once, as a crash or a lost machine would. */
  kill(): Promise<void>;
}>;

/** `hookledger start`, once it says where it answers. */
export async function startServer(args: readonly string[], env: CliEnvironment): Promise<RunningServer> {
  const child = spawnProgram(['start', ...args], env);
  const closed = once(child, 'close');
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const lines = createInterface(child.stdout);
  const url = new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      stdout += `${line}\n`;
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (address !== undefined) resolve(address);
    });
    child.once('close', () => reject(new Error(`The server ended before it answered: ${stdout}${stderr}`)));
  });
  return {
    url: await url,
    interrupt: async () => {
      child.kill('SIGINT');
      const [code] = await closed;
      return { code: Number(code), stdout, stderr };
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

function spawnProgram(args: readonly string[], env: CliEnvironment) {
  return spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
