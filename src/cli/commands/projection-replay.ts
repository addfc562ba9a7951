import { dropVersion, promoteRebuild, rollBackPromotion } from '../../replay/promote.ts';
import type { Promoted } from '../../replay/promote.ts';
import { createRebuildPool } from '../../replay/rebuild-pool.ts';
import { rebuildProjection } from '../../replay/rebuild.ts';
import { verifyRebuild } from '../../replay/verify.ts';
import type { Verification } from '../../replay/verify.ts';
import { watchRebuild } from '../../replay/watch-rebuild.ts';
import { defineCommand, EXIT, needed } from '../command.ts';
import { confirm } from '../confirm.ts';
import { withEnvironment } from '../environment.ts';
import { formatTime } from '../format-time.ts';
import type { Output } from '../output.ts';
import { parseCount } from '../parse-values.ts';
import { showProgress } from '../progress.ts';
import { snakeCased } from '../snake-cased.ts';
import { userOfMachine } from '../user-of-machine.ts';

const MAX_WORKERS = 64;
const DAY_MS = 86_400_000;

const rebuild = defineCommand({
  name: 'projections rebuild',
  summary: 'Fold the whole log into a new version of a read model, beside the active one',
  description: [
    'Readers and ingest go on meanwhile. Ctrl-C stops it; the same command takes it up where it stopped, also after a',
    'crash. Afterwards: projections verify, then projections promote.',
  ].join('\n'),
  arguments: ['<name>'],
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'Why; kept with the version' },
    workers: { type: 'string', value: 'N', description: 'Threads that fold; 2' },
    rate: { type: 'string', value: 'N', description: 'Events a second and worker at most; no limit' },
  },
  examples: ["projections rebuild usage --reason 'the fold rounds up to whole minutes now'"],
  async run({ values, positionals: [name = ''], ...context }) {
    const options = {
      workers: parseCount(values.workers ?? '2', '--workers', MAX_WORKERS),
      rate: values.rate === undefined ? undefined : parseCount(values.rate, '--rate', 1e9),
      reason: needed(values.reason, '--reason'),
      by: userOfMachine(),
    };
    return withEnvironment(context, async (environment) => {
      const stop = new AbortController();
      const interrupt = (): void => stop.abort();
      process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
      let draw: ((done: number) => void) | undefined;
      const endWatching = watchRebuild(environment.pool, name, (events, expected) => {
        if (expected === 0) return;
        draw ??= showProgress(expected);
        draw(events);
      });
      try {
        const rebuilt = await rebuildProjection({ ...environment, signal: stop.signal }, name, options);
        context.out.json({ name, ...snakeCased(rebuilt) });
        context.out.line(
          rebuilt.isFinished
            ? `Version ${rebuilt.version} of ${name} is rebuilt, and kept up to date. Next: ` +
                context.commandLine(`projections verify ${name}`)
            : `Stopped at version ${rebuilt.version} of ${name}; the same command goes on from there.`,
        );
        return rebuilt.isFinished ? EXIT.done : EXIT.problem;
      } finally {
        endWatching();
        process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      }
    });
  },
});

const verify = defineCommand({
  name: 'projections verify',
  summary: 'Compare a rebuilt read model with the active one: whose money would change, by how much, and why',
  description: 'Exit code 1 when they differ. Both stand still meanwhile; figures lag by as long.',
  arguments: ['<name>'],
  options: {},
  examples: ['projections verify usage', 'projections verify usage --json'],
  async run({ positionals: [name = ''], ...context }) {
    const verification = await withEnvironment(context, async ({ databaseUrl, logger }) => {
      const pool = createRebuildPool(databaseUrl, logger);
      try {
        return await verifyRebuild(pool, name);
      } finally {
        await pool.end();
      }
    });
    context.out.json(snakeCased(verification));
    print(context.out, verification);
    const promote = context.commandLine(`projections promote ${name}`);
    context.out.line(
      verification.isEqual
        ? `Both are equal at position ${verification.position}. Next: ${promote}`
        : `They differ at position ${verification.position}. To promote it all the same: ${promote} --accept-differences`,
    );
    return verification.isEqual ? EXIT.done : EXIT.problem;
  },
});

function print(out: Output, { tables, differences, activeVersion, rebuiltVersion }: Verification): void {
  out.table(
    ['table', right(`rows, version ${activeVersion}`), right(`version ${rebuiltVersion}`), ''],
    tables.map(({ table, active, rebuilt, isEqual }) => [
      table,
      active.rows,
      rebuilt.rows,
      isEqual ? 'equal' : out.style('red', 'differs'),
    ]),
  );
  if (differences.length === 0) return;
  out.line();
  out.table(
    [
      'tenant',
      'month',
      'figure',
      right('active'),
      right('rebuilt'),
      right('difference'),
      'currency',
      right('things'),
      'closed',
      'because of',
    ],
    differences.map((each) => [
      each.tenantId,
      each.month,
      each.figure,
      each.active,
      each.rebuilt,
      each.difference,
      each.currency,
      String(each.things),
      each.isClosed ? out.style('red', 'closed') : '',
      each.eventIds[0] ?? '',
    ]),
  );
}

const keepDays = {
  type: 'string',
  value: 'DAYS',
  description: 'How long the other version is kept up to date for a roll-back; 7',
} as const;

const promote = defineCommand({
  name: 'projections promote',
  summary: 'Make the rebuilt and verified version of a read model the active one',
  arguments: ['<name>'],
  options: {
    'accept-differences': { type: 'boolean', description: 'The report was read, and the new figures are right' },
    'keep-days': keepDays,
    yes: { type: 'boolean', description: 'Do not ask' },
  },
  examples: ['projections promote usage --yes', 'projections promote usage --accept-differences --yes'],
  async run({ values, positionals: [name = ''], ...context }) {
    if (values.yes !== true) await confirm(`The rebuilt version of ${name} will be what everybody reads.`);
    const keepMs = parseCount(values['keep-days'] ?? '7', '--keep-days', 365) * DAY_MS;
    const promoted = await withEnvironment(context, ({ pool, clock }) =>
      promoteRebuild(pool, name, {
        acceptDifferences: values['accept-differences'] === true,
        keepMs,
        now: clock.now(),
      }),
    );
    say(context.out, promoted, context.commandLine(`projections rollback ${name}`));
    return EXIT.done;
  },
});

const rollback = defineCommand({
  name: 'projections rollback',
  summary: 'Make the version active again that was so before the last promotion',
  arguments: ['<name>'],
  options: { 'keep-days': keepDays, yes: { type: 'boolean', description: 'Do not ask' } },
  examples: ['projections rollback usage --yes'],
  async run({ values, positionals: [name = ''], ...context }) {
    if (values.yes !== true) await confirm(`The version of ${name} from before will be what everybody reads.`);
    const keepMs = parseCount(values['keep-days'] ?? '7', '--keep-days', 365) * DAY_MS;
    const promoted = await withEnvironment(context, ({ pool, clock }) =>
      rollBackPromotion(pool, name, { keepMs, now: clock.now() }),
    );
    say(context.out, promoted, context.commandLine(`projections rollback ${name}`));
    return EXIT.done;
  },
});

function say(out: Output, promoted: Promoted, back: string): void {
  const { name, from, to, position, keepUntil } = promoted;
  out.json(snakeCased(promoted));
  out.line(`Version ${to} of ${name} is the active one, from position ${position} on.`);
  out.line(`Version ${from} is kept up to date until ${formatTime(keepUntil)}. Back to it: ${back}`);
}

const drop = defineCommand({
  name: 'projections drop',
  summary: 'Drop a version of a read model that is not active; a rebuild under way ends with it',
  arguments: ['<name>', '<version>'],
  options: { yes: { type: 'boolean', description: 'Do not ask' } },
  examples: ['projections drop usage 2 --yes'],
  async run({ values, positionals: [name = '', version = ''], ...context }) {
    const number = parseCount(version, '<version>', 2 ** 31 - 1);
    if (values.yes !== true) await confirm(`Version ${number} of ${name} will be gone, with its tables.`);
    await withEnvironment(context, ({ pool }) => dropVersion(pool, name, number));
    context.out.json({ name, version: number, state: 'dropped' });
    context.out.line(`Version ${number} of ${name} is dropped.`);
    return EXIT.done;
  },
});

const right = (title: string) => ({ title, align: 'right' as const });

export const replayCommands = [rebuild, verify, promote, rollback, drop];
