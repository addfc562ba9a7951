import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { currentProcess, findRunningProcess } from './running-process.ts';

const ownerSchema = z.object({ pid: z.number(), startedAt: z.string() });

export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
  readonly code = 'directory_in_use';
  readonly pid: number;

  constructor(directory: string, pid: number) {
    super(`Process ${pid} uses ${directory}. Stop it first, or set HOOKLEDGER_DATA_DIR to another directory.`);
    this.pid = pid;
  }
}

/**
 * Makes this process the only one to run a server on `directory`, creating it when needed. What a dead process left
 * behind is taken over; a living one is a `DirectoryInUseError`.
 */
export function claimDirectory(directory: string): { release(): void } {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'owner.json');
  const { pid, startedAt } = currentProcess();
  const claim = JSON.stringify({ pid, startedAt });
  if (!createIfAbsent(path, claim)) {
    refuseLivingOwner(directory, path);
    rmSync(path, { force: true });
    if (!createIfAbsent(path, claim)) refuseLivingOwner(directory, path);
  }
  return { release: () => rmSync(path, { force: true }) };
}

function createIfAbsent(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (Error.isError(error) && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function refuseLivingOwner(directory: string, path: string): void {
  const owner = ownerSchema.safeParse(parseJson(readFileSync(path, 'utf8')));
  // A claim torn by a crash belongs to nobody that lives.
  if (!owner.success) return;
  if (findRunningProcess(owner.data.pid)?.startedAt !== owner.data.startedAt) return;
  throw new DirectoryInUseError(directory, owner.data.pid);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
