import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from '../../src/platform/postgres.ts';
import { readModels } from '../../src/finance/read-models.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { versionTable } from '../../src/projections/version-table.ts';
import { runCliForJson } from '../cli/spawn-cli.ts';
import type { Drill } from './drill.ts';
import { readProgress } from './read-progress.ts';
import { untilInFlight } from './until-in-flight.ts';

const LOOK_MS = 20;

export const promoteUnderLoad: Drill = {
  name: 'promote-under-load',
  breaks: 'nothing: the read model of usage is rebuilt, compared, promoted and rolled back while webhooks come in',
  async fault({ servers, masterKey, pool, client, broke, mended, note }) {
    broke(await untilInFlight(async () => client.underWay() + (await readProgress(pool)).open));
    const environment = {
      NODE_ENV: 'production',
      DATABASE_URL: servers.appUrl,
      REDIS_URL: servers.redisUrl,
      HOOKLEDGER_MASTER_KEY: masterKey,
    };
    const stop = new AbortController();
    const watching = watchFigures(pool, stop.signal);
    await runCliForJson(['projections', 'rebuild', 'usage', '--reason', 'a drill'], environment);
    // Ends with 1, which is an error here, when they differ.
    await runCliForJson(['projections', 'verify', 'usage'], environment);
    await runCliForJson(['projections', 'promote', 'usage', '--yes'], environment);
    await runCliForJson(['projections', 'rollback', 'usage', '--yes'], environment);
    stop.abort();
    const { looks, versions, problems } = await watching;
    mended();
    note(`figures were read ${looks} times meanwhile, from version ${versions.join(', then ')}`);
    return async () => [
      ...problems,
      ...(versions.join() === '1,2,1'
        ? []
        : [`the active version was ${versions.join(', then ')}, not 1, then 2, then 1`]),
      ...[...client.failures()].map(([why, count]) => `${count} requests failed: ${why}`),
    ];
  },
};

type Watched = Readonly<{ looks: number; versions: readonly number[]; problems: readonly string[] }>;

/** Reads the active version as everybody does, over and over: facts and cost may only grow, and the position, too. */
async function watchFigures(pool: Pool, signal: AbortSignal): Promise<Watched> {
  const versions: number[] = [];
  const problems: string[] = [];
  let last = { position: 0n, lines: 0n };
  let looks = 0;
  for (; !signal.aborted; looks += 1) {
    const { version, ...now } = await withReadTransaction(pool, {}, async (tx) => {
      const { usage } = await readModels(tx);
      const { rows } = await tx.query<{ lines: string }>(
        `select count(*) as lines from ${versionTable('usage_lines', usage.version)}`,
      );
      return { version: usage.version, position: usage.position, lines: BigInt(rows[0]?.lines ?? '-1') };
    });
    if (versions.at(-1) !== version) versions.push(version);
    if (now.position < last.position || now.lines < last.lines)
      problems.push(
        `figures went back, from ${last.lines} lines at ${last.position} to ${now.lines} at ${now.position}`,
      );
    last = now;
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return { looks, versions, problems };
}
