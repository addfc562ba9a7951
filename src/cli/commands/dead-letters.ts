import type { DeadLetter } from '../../workers/dead-letters/dead-letter.ts';
import { groupDeadLetters } from '../../workers/dead-letters/group-dead-letters.ts';
import type { DeadLetterGroup } from '../../workers/dead-letters/group-dead-letters.ts';
import { listDeadLetters } from '../../workers/dead-letters/list-dead-letters.ts';
import { readDeadLetters } from '../../workers/dead-letters/read-dead-letters.ts';
import type { DeadLetterStory } from '../../workers/dead-letters/read-dead-letters.ts';
import type { Context } from '../command.ts';
import { defineCommand, EXIT } from '../command.ts';
import { filterOptions, readFilter } from '../dead-letter-filter.ts';
import { formatTime } from '../format-time.ts';
import { NotFoundError } from '../not-found-error.ts';
import type { Output } from '../output.ts';
import { parseLimit, parseUuid } from '../parse-values.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';
import { purge, redrive } from './dead-letter-decisions.ts';

const list = defineCommand({
  name: 'dead-letters list',
  summary: 'List the jobs that ended without success, newest first',
  description: [
    'With --group: one line for all deaths of one bug, that is of one queue, event type, cause and error.',
    'A letter is open while it waits for a person; then it is redriven, and done or died-again.',
  ].join('\n'),
  options: {
    group: { type: 'boolean', description: 'By what killed them' },
    open: { type: 'boolean', description: 'Only those that still wait for a person' },
    ...filterOptions,
    limit: { type: 'string', value: 'N', description: 'At most so many; 20 when left out' },
  },
  examples: ['dead-letters list --group --open', 'dead-letters list --queue notifications --since 12h'],
  async run({ values, ...context }) {
    const { out, commandLine } = context;
    const limit = parseLimit(values.limit, 20);
    const filter = { ...readFilter(values), ...(values.open === true ? { states: ['open' as const] } : {}) };
    if (values.group === true) {
      const groups = await readDatabase(context, (tx) => groupDeadLetters(tx, filter, { limit }));
      out.json(groups.map(snakeCased));
      printGroups(out, groups);
      if (groups.length > 0) {
        out.line();
        out.line(`One of them: ${commandLine('dead-letters show <fingerprint>')}`);
      }
      return EXIT.done;
    }
    const letters = await readDatabase(context, (tx) => listDeadLetters(tx, filter, { limit }));
    out.json(letters.map(snakeCased));
    printLetters(out, letters);
    return EXIT.done;
  },
});

const show = defineCommand({
  name: 'dead-letters show',
  summary: 'Show why the jobs about an event died, try by try, or the letters of one group',
  arguments: ['<event-id|fingerprint>'],
  options: {},
  examples: ['dead-letters show 019a…', 'dead-letters show 5be1f0c27a90d3e4'],
  async run({ positionals: [text = ''], ...context }) {
    if (/^[0-9a-f]{16}$/.test(text)) return showGroup(context, text);
    const eventId = parseUuid(text, '<event-id|fingerprint>');
    const story = await readDatabase(context, (tx) => readDeadLetters(tx, eventId));
    if (story === undefined) {
      throw new NotFoundError(
        `No job about the event ${eventId} has died; \`hookledger dead-letters list\` shows those that have.`,
      );
    }
    context.out.json(story.letters.map((letter) => ({ ...snakeCased(letter), tries: letter.tries.map(snakeCased) })));
    printStory(context, eventId, story);
    return EXIT.done;
  },
});

/** More of a group than anyone looks at one by one. */
const LETTERS_OF_GROUP = 20;

async function showGroup(context: Context, fingerprint: string): Promise<number> {
  const { out, commandLine } = context;
  const filter = { fingerprints: [fingerprint] };
  const { group, letters } = await readDatabase(context, async (tx) => ({
    group: (await groupDeadLetters(tx, filter, { limit: 1 }))[0],
    letters: await listDeadLetters(tx, filter, { limit: LETTERS_OF_GROUP }),
  }));
  if (group === undefined) {
    throw new NotFoundError(
      `No dead letter has the fingerprint ${fingerprint}; \`hookledger dead-letters list --group\` shows those that there are.`,
    );
  }
  out.json({ ...snakeCased(group), newest: letters.map(snakeCased) });
  out.line(out.style('bold', `${group.eventType} on ${group.queue}: ${group.cause}`));
  out.line(`  ${group.detail}`);
  out.line(
    `  ${group.letters} deaths of ${group.tenants} tenants from ${formatTime(group.firstDiedAt)} to ${formatTime(group.lastDiedAt)}`,
  );
  out.line(`  ${group.open} open, ${group.redriven} redriven, ${group.done} done since`);
  out.line();
  printLetters(out, letters);
  if (group.open > 0) {
    out.line();
    out.line(`Once mended: ${commandLine(`dead-letters redrive --fingerprint ${fingerprint} --reason '…'`)}`);
  }
  return EXIT.done;
}

function printGroups(out: Output, groups: readonly DeadLetterGroup[]): void {
  if (groups.length === 0) {
    out.line('No job has died.');
    return;
  }
  out.table(
    [
      'last died',
      'queue',
      'event',
      'cause',
      { title: 'deaths', align: 'right' },
      { title: 'open', align: 'right' },
      { title: 'tenants', align: 'right' },
      'fingerprint',
      'error',
    ],
    groups.map((group) => [
      formatTime(group.lastDiedAt),
      group.queue,
      group.eventType,
      group.cause,
      String(group.letters),
      String(group.open),
      String(group.tenants),
      group.fingerprint,
      firstLine(group.detail),
    ]),
  );
}

function printLetters(out: Output, letters: readonly DeadLetter[]): void {
  if (letters.length === 0) {
    out.line('No job has died.');
    return;
  }
  out.table(
    ['died', 'queue', 'event', 'tenant', 'cause', { title: 'attempts', align: 'right' }, 'now', 'event id'],
    letters.map((letter) => [
      formatTime(letter.diedAt),
      letter.queue,
      letter.eventType,
      letter.tenantId,
      letter.cause,
      String(letter.attempts),
      letter.state,
      letter.eventId,
    ]),
  );
}

function printStory({ out, commandLine }: Context, eventId: string, { letters, webhookId }: DeadLetterStory): void {
  for (const letter of letters) {
    out.line(out.style('bold', `${letter.eventType} on ${letter.queue}: ${letter.cause}`));
    out.line(`  ${letter.detail}`);
    out.line(
      `  died ${formatTime(letter.diedAt)}, generation ${letter.generation}, replay ${letter.replayId}; now ${letter.state}`,
    );
    out.line(`  fingerprint ${letter.fingerprint}`);
    out.table(
      [{ title: 'try', align: 'right' }, 'started', { title: 'ms', align: 'right' }, 'outcome', 'transport', 'detail'],
      letter.tries.map((attempt) => [
        String(attempt.attempt),
        formatTime(attempt.startedAt),
        String(attempt.durationMs),
        attempt.outcome,
        attempt.transport,
        attempt.detail ?? '',
      ]),
    );
    out.line();
  }
  out.line(`The event: ${commandLine(`events show ${eventId}`)}`);
  if (webhookId !== null) out.line(`Its webhook: ${commandLine(`webhooks show ${webhookId}`)}`);
  if (letters.some(({ state }) => state === 'open')) {
    out.line(`Once mended: ${commandLine(`dead-letters redrive ${eventId} --reason '…'`)}`);
  }
}

function firstLine(detail: string): string {
  const [line = ''] = detail.split('\n');
  return line.length <= 80 ? line : `${line.slice(0, 79)}…`;
}

export const commands = [list, show, redrive, purge];
