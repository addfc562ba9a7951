import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { currentProcess, findRunningProcess } from './running-process.ts';

const runSchema = z.object({
  pid: z.number(),
  startedAt: z.string(),
  url: z.string(),
  adminUrl: z.string(),
  appUrl: z.string(),
  redisUrl: z.string().optional(),
});

/** A server that runs on a data directory, and how to reach its parts. */
export type Run = z.infer<typeof runSchema>;

export type DataDirectory = Readonly<{
  /** Absolute. */
  path: string;
  /** Says that this process runs here, for the commands beside it. */
  writeRun(run: Omit<Run, 'pid' | 'startedAt'>): void;
  /** The run whose process lives; undefined when there is none, and for what a killed one left behind. */
  findRun(): Run | undefined;
  /** Removes our own entry; somebody else's stays. */
  clearRun(): void;
  /** The key of this directory, 32 bytes in base64: made up at the first call, then always the same. */
  masterKey(): string;
}>;

/** Opens the data directory, creating it when needed. Only our own user may enter it. */
export function openDataDirectory(directory: string): DataDirectory {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = realpathSync(directory);
  const runPath = join(path, 'run.json');

  const findRun = (): Run | undefined => {
    if (!existsSync(runPath)) return undefined;
    // Writing is all or nothing, so what does not fit comes from another version, long gone.
    const { data: run } = runSchema.safeParse(JSON.parse(readFileSync(runPath, 'utf8')));
    return run !== undefined && findRunningProcess(run.pid)?.startedAt === run.startedAt ? run : undefined;
  };

  return {
    path,
    findRun,
    writeRun: (run) => {
      const { pid, startedAt } = currentProcess();
      writePrivately(runPath, JSON.stringify({ pid, startedAt, ...run }, undefined, 2));
    },
    clearRun: () => {
      if (findRun()?.pid === process.pid) rmSync(runPath, { force: true });
    },
    masterKey: () => {
      const keyPath = join(path, 'master.key');
      if (!existsSync(keyPath)) writePrivately(keyPath, randomBytes(32).toString('base64'));
      return readFileSync(keyPath, 'utf8').trim();
    },
  };
}

/** All or nothing: a reader beside us, or after a crash, never sees half a file. */
function writePrivately(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o600, flush: true });
  renameSync(unfinished, path);
}
