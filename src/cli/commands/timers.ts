import { defineCommand, EXIT } from '../command.ts';
import { formatDuration, formatTime } from '../format-time.ts';
import { parseLimit } from '../parse-values.ts';
import { listTimers } from '../queries/list-timers.ts';
import type { ArmedTimer } from '../queries/list-timers.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';

/** A batch takes milliseconds: what is later than this does not fire. */
const LATE_SECONDS = 60;

const list = defineCommand({
  name: 'timers list',
  summary: 'List the work that is due later, the next first',
  description: [
    'A timer is gone once it has fired: `hookledger events list` then shows its TimerFired.',
    'Exit code 1 when one is overdue by more than a minute.',
    'With --json: {"armed", "overdue", "is_fired", "timers"}; is_fired false when no worker process fires them.',
  ].join('\n'),
  options: {
    overdue: { type: 'boolean', description: 'Only those that should have fired' },
    limit: { type: 'string', value: 'N', description: 'At most so many; 20 when left out' },
  },
  examples: ['timers list', 'timers list --overdue --json'],
  async run({ values, ...context }) {
    const { out } = context;
    const filter = { overdue: values.overdue === true, limit: parseLimit(values.limit, 20) };
    const { timers, armed, overdue, isFired } = await readDatabase(context, (tx) => listTimers(tx, filter));
    out.json({ armed, overdue, is_fired: isFired, timers: timers.map(snakeCased) });
    if (timers.length > 0) {
      out.table(
        ['due', '', 'task', 'tenant', 'stream', 'key'],
        timers.map((timer) => [
          formatTime(timer.dueAt),
          describeDue(timer),
          timer.task,
          timer.tenantId,
          timer.streamKey,
          timer.key,
        ]),
      );
      out.line();
    }
    out.line(armed === 0 ? 'No timer is armed.' : `${armed} armed, ${overdue} of them overdue.`);
    if (!isFired) out.line('No process fires them: none runs with the role worker.');
    return timers.some(({ overdueSeconds }) => overdueSeconds > LATE_SECONDS) ? EXIT.problem : EXIT.done;
  },
});

function describeDue({ overdueSeconds }: ArmedTimer): string {
  return overdueSeconds < 0 ? `in ${formatDuration(-overdueSeconds)}` : `overdue by ${formatDuration(overdueSeconds)}`;
}

export const commands = [list];
