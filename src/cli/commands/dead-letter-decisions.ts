import { countDeadLetters } from '../../workers/dead-letters/count-dead-letters.ts';
import type { DeadLetterCounts } from '../../workers/dead-letters/count-dead-letters.ts';
import type { DeadLetterFilter, LetterState } from '../../workers/dead-letters/dead-letter.ts';
import { LETTER_STATES } from '../../workers/dead-letters/dead-letter.ts';
import { purgeDeadLetters, PURGED_STATES } from '../../workers/dead-letters/purge-dead-letters.ts';
import {
  DEFAULT_REDRIVE_RATE,
  redriveDeadLetters,
  REDRIVEN_STATES,
} from '../../workers/dead-letters/redrive-dead-letters.ts';
import type { LetterOrder, WalkOptions, WalkResult } from '../../workers/dead-letters/walk-dead-letters.ts';
import type { Administration } from '../administration.ts';
import { withAdministration } from '../administration.ts';
import type { Context } from '../command.ts';
import { defineCommand, EXIT, needed } from '../command.ts';
import { confirm } from '../confirm.ts';
import { filterOptions, readFilter } from '../dead-letter-filter.ts';
import { parseCount, parseUuid } from '../parse-values.ts';
import { showProgress } from '../progress.ts';
import { readDatabase } from '../read-database.ts';
import { userOfMachine } from '../user-of-machine.ts';

const decisionOptions = {
  ...filterOptions,
  reason: { type: 'string', value: 'TEXT', description: 'Why; kept with the decision' },
  by: { type: 'string', value: 'NAME', description: 'Who decides; the user of this machine when left out' },
  'dry-run': { type: 'boolean', description: 'Say how many it would be, and do nothing' },
  yes: { type: 'boolean', description: 'Do not ask' },
} as const;

export const redrive = defineCommand({
  name: 'dead-letters redrive',
  summary: 'Publish dead jobs once more, after their cause is mended',
  description: [
    'Each open job becomes a new outbox row with the next generation, by an event that says who asked for it and why.',
    'Stopped half way, run it again: a job that was redriven is skipped, and counted.',
  ].join('\n'),
  arguments: ['[event-id]'],
  options: {
    ...decisionOptions,
    rate: {
      type: 'string',
      value: 'N/s',
      description: `At most so many jobs a second; ${DEFAULT_REDRIVE_RATE} when left out`,
    },
  },
  examples: [
    `dead-letters redrive 019a… --reason 'the template is mended'`,
    `dead-letters redrive --fingerprint 5be1f0c27a90d3e4 --reason 'their API is back' --rate 10/s`,
    'dead-letters redrive --queue notifications --since 12h --dry-run',
  ],
  async run({ values, positionals: [eventId], ...context }) {
    const rate = values.rate === undefined ? undefined : parseCount(values.rate.replace(/\/s$/, ''), '--rate', 10_000);
    return decide(context, {
      values,
      eventId,
      verb: { ask: 'Redrive', done: 'redriven' },
      states: REDRIVEN_STATES,
      act: (deps, order, options) => redriveDeadLetters(deps, { ...order, rate }, options),
    });
  },
});

export const purge = defineCommand({
  name: 'dead-letters purge',
  summary: 'Give dead jobs up, and remove their letters',
  description: [
    'Each open job ends as purged, by an event that says who decided and why; a stream that it held goes on.',
    'A job that was redriven is skipped, and counted.',
  ].join('\n'),
  arguments: ['[event-id]'],
  options: decisionOptions,
  examples: [`dead-letters purge --fingerprint 5be1f0c27a90d3e4 --reason 'of a tenant that has left'`],
  async run({ values, positionals: [eventId], ...context }) {
    return decide(context, {
      values,
      eventId,
      verb: { ask: 'Purge', done: 'purged' },
      states: PURGED_STATES,
      act: purgeDeadLetters,
    });
  },
});

type Decision = Readonly<{
  values: Parameters<typeof readFilter>[0] &
    Readonly<{ reason?: string; by?: string; 'dry-run'?: boolean; yes?: boolean }>;
  eventId: string | undefined;
  verb: Readonly<{ ask: string; done: string }>;
  /** The others are skipped. */
  states: readonly LetterState[];
  act: (deps: Administration, order: LetterOrder, options: WalkOptions) => Promise<WalkResult>;
}>;

/** Counts, asks, and does it. */
async function decide(context: Context, { values, eventId, verb, states, act }: Decision): Promise<number> {
  const { out } = context;
  const filter: DeadLetterFilter = {
    ...readFilter(values),
    ...(eventId === undefined ? {} : { eventId: parseUuid(eventId, '[event-id]') }),
  };
  const why =
    values['dry-run'] === true
      ? undefined
      : { reason: needed(values.reason, '--reason'), by: values.by ?? userOfMachine() };
  const counts = await readDatabase(context, (tx) => countDeadLetters(tx, filter));
  const total = states.reduce((sum, state) => sum + counts.byState[state], 0);
  const skipped = skippedOf(counts, states);
  const answer = { matched: counts.total, skipped: counted(skipped) };
  if (why === undefined) {
    out.json({ dry_run: true, ...answer, [verb.done]: 0, would_be: total });
    out.line(`${total} of ${counts.total} dead letters would be ${verb.done}; ${describe(skipped)}.`);
    return EXIT.done;
  }
  if (total > 0 && values.yes !== true) {
    await confirm(`${verb.ask} ${total} dead letters of ${counts.tenants} tenants; ${describe(skipped)}.`);
  }
  const draw = showProgress(total);
  const result = await withAdministration(context, (deps) =>
    act(deps, { filter, ...why }, { onProgress: (done) => draw(Math.min(done, total)) }),
  );
  out.json({ dry_run: false, ...answer, [verb.done]: result.done, left: result.left });
  out.line(`${result.done} of ${counts.total} dead letters ${verb.done}; ${describe(skipped)}.`);
  return EXIT.done;
}

type Skipped = Readonly<Partial<Record<LetterState, number>>>;

function skippedOf({ byState }: DeadLetterCounts, states: readonly LetterState[]): Skipped {
  return Object.fromEntries(
    LETTER_STATES.filter((state) => !states.includes(state)).map((state) => [state, byState[state]]),
  );
}

/** By names as the HTTP API writes them. */
function counted(skipped: Skipped): Record<string, number> {
  return Object.fromEntries(Object.entries(skipped).map(([state, count]) => [state.replaceAll('-', '_'), count]));
}

function describe(skipped: Skipped): string {
  const parts = Object.entries(skipped).flatMap(([state, count]) => (count === 0 ? [] : [`${count} ${state}`]));
  return parts.length === 0 ? 'none is skipped' : `skipped are ${parts.join(', ')}`;
}
