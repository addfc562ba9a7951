import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { findRunningProcess } from './running-process.ts';
import { endLeftoverProcess } from './server-process.ts';
import { commandAs } from './unprivileged-user.ts';
import type { UnprivilegedUser } from './unprivileged-user.ts';

const credentialsSchema = z.object({ adminPassword: z.string(), appPassword: z.string() });

export type Credentials = z.infer<typeof credentialsSchema>;

export const adminRole = 'hookledger_admin';

/** The passwords of the cluster in `home`, made up at its first start. Only our own user may read the file. */
export function loadCredentials(home: string): Credentials {
  const path = join(home, 'credentials.json');
  if (existsSync(path)) return credentialsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const credentials = { adminPassword: newPassword(), appPassword: newPassword() };
  writeFileSync(path, JSON.stringify(credentials), { mode: 0o600, flush: true });
  return credentials;
}

/** Creates the cluster unless it is there, and returns its directory. An initdb that was cut short starts over. */
export function ensureCluster(options: {
  home: string;
  initdb: string;
  credentials: Credentials;
  user: UnprivilegedUser | undefined;
}): string {
  const { home, user } = options;
  const cluster = join(home, 'data');
  if (existsSync(cluster)) return cluster;
  const unfinished = join(home, 'data.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const passwordFile = join(home, 'initdb-password');
  writeFileSync(passwordFile, options.credentials.adminPassword, { mode: 0o600 });
  if (user !== undefined) for (const path of [unfinished, passwordFile]) chownSync(path, user.uid, user.gid);
  try {
    runInitdb(options.initdb, unfinished, passwordFile, user);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, cluster);
  return cluster;
}

/**
 * Clears the way for a start: a server that a killed process left running on this cluster is shut down, and a
 * postmaster.pid whose number now belongs to a stranger (a reboot, a new container) is removed.
 */
export async function clearLeftover(cluster: string): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const found = findRunningProcess(pid);
  // PostgreSQL itself deals with the number of a process that is gone.
  if (found === undefined) return;
  if (found.command.includes(cluster)) await endLeftoverProcess(pid, 'SIGINT', 60_000);
  else rmSync(pidFile, { force: true });
}

function runInitdb(initdb: string, directory: string, passwordFile: string, user: UnprivilegedUser | undefined): void {
  const { program, args, ids } = commandAs(user, initdb, [
    `--pgdata=${directory}`,
    `--username=${adminRole}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Sorting must not depend on the locales that this machine happens to have.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
  ]);
  const result = spawnSync(program, args, { ...ids, cwd: '/', encoding: 'utf8' });
  if (result.status === 0) return;
  throw new Error(`initdb failed in ${directory}:\n${result.stdout}${result.stderr}`, {
    cause: result.error,
  });
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}
