import { QUEUES } from '../../domain/queues.ts';
import { defineCommand, EXIT, oneOf } from '../command.ts';
import { formatTime } from '../format-time.ts';
import { NotFoundError } from '../not-found-error.ts';
import { parseLimit, parseUuid } from '../parse-values.ts';
import { listDeadLetters } from '../queries/list-dead-letters.ts';
import { listJobAttempts } from '../queries/list-job-attempts.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';

const list = defineCommand({
  name: 'dead-letters list',
  summary: 'List the jobs that ended without success, newest first',
  options: {
    queue: { type: 'string', value: 'QUEUE', description: 'Of this queue only' },
    limit: { type: 'string', value: 'N', description: 'At most so many; 20 when left out' },
  },
  examples: ['dead-letters list', 'dead-letters list --queue notifications'],
  async run({ values, ...context }) {
    const { out } = context;
    const limit = parseLimit(values.limit, 20);
    const queue = values.queue === undefined ? {} : { queue: oneOf(QUEUES, values.queue, '--queue') };
    const letters = await readDatabase(context, (tx) => listDeadLetters(tx, { ...queue, limit }));
    out.json(letters.map(snakeCased));
    if (letters.length === 0) out.line('No job has died.');
    else {
      out.table(
        ['died', 'queue', 'event', 'tenant', 'cause', { title: 'attempts', align: 'right' }, 'now', 'event id'],
        letters.map((letter) => [
          formatTime(letter.diedAt),
          letter.queue,
          letter.eventType,
          letter.tenantId,
          letter.cause,
          String(letter.attempts),
          letter.outcome ?? '-',
          letter.eventId,
        ]),
      );
    }
    return EXIT.done;
  },
});

const show = defineCommand({
  name: 'dead-letters show',
  summary: 'Show why the jobs about an event died, try by try',
  arguments: ['<event-id>'],
  options: {},
  examples: ['dead-letters show 019a…'],
  async run({ positionals: [text = ''], ...context }) {
    const { out, commandLine } = context;
    const eventId = parseUuid(text, '<event-id>');
    const { letters, attempts } = await readDatabase(context, async (tx) => {
      const found = await listDeadLetters(tx, { eventId, limit: 100 });
      const [first] = found;
      return { letters: found, attempts: first === undefined ? [] : await listJobAttempts(tx, first.position) };
    });
    if (letters.length === 0) {
      throw new NotFoundError(
        `No job about the event ${eventId} has died; \`hookledger dead-letters list\` shows those that have.`,
      );
    }
    out.json(
      letters.map((letter) => ({ ...snakeCased(letter), tries: attempts.filter(isOf(letter)).map(snakeCased) })),
    );
    for (const letter of letters) {
      out.line(out.style('bold', `${letter.eventType} on ${letter.queue}: ${letter.cause}`));
      out.line(`  ${letter.detail}`);
      out.line(
        `  died ${formatTime(letter.diedAt)}, generation ${letter.generation}, replay ${letter.replayId}; now ${letter.outcome ?? '-'}`,
      );
      out.table(
        [
          { title: 'try', align: 'right' },
          'started',
          { title: 'ms', align: 'right' },
          'outcome',
          'transport',
          'detail',
        ],
        attempts
          .filter(isOf(letter))
          .map((attempt) => [
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
    return EXIT.done;
  },
});

type Job = Readonly<{ queue: string; replayId: string; generation: number }>;

function isOf(job: Job): (attempt: Job) => boolean {
  return ({ queue, replayId, generation }) =>
    queue === job.queue && replayId === job.replayId && generation === job.generation;
}

export const commands = [list, show];
