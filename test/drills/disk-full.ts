import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Drill } from './drill.ts';
import { readProgress } from './read-progress.ts';

/** A new cluster takes 60 MB, its log of changes some 16 MB a second under this load. */
const SIZE_MB = 400;
const FULL_MS = 3_000;

export const diskFull: Drill = {
  name: 'disk-full',
  breaks: 'the disk of PostgreSQL, which is full for three seconds',
  whyNot: () =>
    process.platform === 'linux' && process.getuid?.() === 0
      ? undefined
      : 'a disk of its own for PostgreSQL takes root on Linux (mount -t tmpfs)',
  prepare(dataDir) {
    const disk = join(dataDir, 'postgres');
    mkdirSync(disk);
    mount('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'hookledger-drill', disk]);
    // Lazily: when the drill is interrupted, PostgreSQL is still about to end.
    return () => mount('umount', ['--lazy', disk]);
  },
  async fault({ servers, client, pool, broke, note }) {
    const ballast = join(servers.dataDir, 'postgres', 'ballast');
    const { open } = await readProgress(pool);
    broke(open + client.underWay());
    const file = openSync(ballast, 'w');
    const failedBefore = countFailures(client.failures());
    const fullUntil = performance.now() + FULL_MS;
    try {
      // Again and again: what PostgreSQL frees meanwhile is taken, too.
      while (performance.now() < fullUntil) {
        fill(file);
        await pause(5);
      }
    } finally {
      closeSync(file);
      rmSync(ballast);
    }
    // Without room for its log of changes PostgreSQL ends itself; its supervisor starts it again.
    await servers.postgres.start();
    const refused = countFailures(client.failures()) - failedBefore;
    note(`${refused} requests were refused while the disk was full`);
    return async () => (refused > 0 ? [] : ['no request was refused while the disk was full, so it was not']);
  },
};

function fill(file: number): void {
  const block = Buffer.alloc(1_048_576);
  for (let bytes = block.length; bytes >= 4_096;) {
    try {
      writeSync(file, block, 0, bytes);
    } catch (error) {
      if (!Error.isError(error) || !('code' in error) || error.code !== 'ENOSPC') throw error;
      bytes /= 2;
    }
  }
}

function countFailures(failures: ReadonlyMap<string, number>): number {
  return [...failures.values()].reduce((sum, each) => sum + each, 0);
}

function mount(program: 'mount' | 'umount', args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${stderr}`);
}
