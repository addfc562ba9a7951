import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export type UnprivilegedUser = Readonly<{
  uid: number;
  gid: number;
  /** Whether what runs as this user can still pass through directories that only root may enter. */
  entersClosedDirectories: boolean;
}>;

/** Who runs what refuses to run as root: `postgres` if there is such a user, else `nobody`. Undefined when not root. */
export function findUnprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const ids = lookUp('postgres') ?? lookUp('nobody') ?? { uid: 65534, gid: 65534 };
  const setprivWorks = spawnSync('setpriv', [...setprivArguments(ids), 'true']).status === 0;
  return { ...ids, entersClosedDirectories: setprivWorks };
}

/** What to spawn so that `program` runs as `user`, or as ourselves without one. */
export function commandAs(
  user: UnprivilegedUser | undefined,
  program: string,
  args: readonly string[],
): { program: string; args: string[]; ids: { uid?: number; gid?: number } } {
  if (user === undefined) return { program, args: [...args], ids: {} };
  if (!user.entersClosedDirectories) return { program, args: [...args], ids: { uid: user.uid, gid: user.gid } };
  return { program: 'setpriv', args: [...setprivArguments(user), program, ...args], ids: {} };
}

/** Throws when `user` has no way to `path`: better than the riddles that a server gives up with. */
export function assertReachable(user: UnprivilegedUser, path: string): void {
  if (user.entersClosedDirectories) return;
  for (let directory = path; directory !== dirname(directory); directory = dirname(directory)) {
    const { mode, uid } = statSync(directory);
    if (uid === user.uid || (mode & 0o001) !== 0) continue;
    throw new Error(
      `PostgreSQL does not run as root, and user ${user.uid} may not enter ${directory}. Run as an ordinary user, ` +
        `install setpriv (util-linux), or open the directory (chmod o+x).`,
    );
  }
}

/**
 * A checkout below /root or a `mktemp -d` is closed to every other user, so the right to pass through goes along.
 * PostgreSQL looks at the user id alone, and ambient capabilities leave the search for shared libraries as it is.
 */
function setprivArguments({ uid, gid }: { uid: number; gid: number }): string[] {
  const capability = '+dac_override';
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
    // initdb looks for its neighbours with access(), which else forgets the capability of anyone but root.
    '--securebits=+no_setuid_fixup',
  ];
}

function lookUp(name: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) return undefined;
  // macOS lists nobody as -2, which spawn refuses.
  return Number(uid) > 0 ? { uid: Number(uid), gid: Number(gid) } : undefined;
}
