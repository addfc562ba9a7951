import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** A process that runs now. `startedAt` tells it from a later one with the same id. */
export type RunningProcess = Readonly<{ pid: number; startedAt: string; command: string }>;

/** The running process with this id, or undefined when there is none. */
export function findRunningProcess(pid: number): RunningProcess | undefined {
  return existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid);
}

/** This process, as others will find it. */
export function currentProcess(): RunningProcess {
  const self = findRunningProcess(process.pid);
  if (self === undefined) throw new Error(`Process ${process.pid} does not find itself among the running ones.`);
  return self;
}

function fromProc(pid: number): RunningProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself hold spaces and parentheses; the state is field 3, the start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return { pid, startedAt: fields[19] ?? '', command };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function fromPs(pid: number): RunningProcess | undefined {
  let line: string;
  try {
    line = execFileSync('ps', ['-o', 'lstart=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    // ps answers 1 when no such process exists.
    return undefined;
  }
  const lstartLength = 'Tue Nov 24 04:07:27 2026'.length;
  return { pid, startedAt: line.slice(0, lstartLength), command: line.slice(lstartLength).trim() };
}

function isGone(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}
