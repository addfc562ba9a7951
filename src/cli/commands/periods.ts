import { closePeriod } from '../../finance/periods/close-period.ts';
import { WAIVABLE_CHECKS } from '../../finance/periods/period-checks.ts';
import type { PeriodCheck } from '../../finance/periods/period-errors.ts';
import { PeriodNotReadyError } from '../../finance/periods/period-errors.ts';
import { readChecklist } from '../../finance/periods/read-checklist.ts';
import { readPeriodDecisions } from '../../finance/periods/read-period.ts';
import { EVERYTHING, readPeriods } from '../../finance/periods/read-periods.ts';
import { reopenPeriod } from '../../finance/periods/reopen-period.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed, oneOf } from '../command.ts';
import { confirm } from '../confirm.ts';
import { formatTime } from '../format-time.ts';
import type { Output } from '../output.ts';
import { readDatabase } from '../read-database.ts';
import { UsageError } from '../usage-error.ts';
import { userOfMachine } from '../user-of-machine.ts';

const list = defineCommand({
  name: 'periods list',
  summary: 'List the months that were closed, reopened or refused',
  options: {},
  examples: ['periods list'],
  async run(context) {
    const periods = await readDatabase(context, (tx) => readPeriods(tx, EVERYTHING));
    context.out.json(
      periods.map(({ period, tz, state, revision, cutOff, recordedAt }) => ({
        period,
        tz,
        state,
        revision,
        cut_off: cutOff,
        decided_at: recordedAt,
      })),
    );
    if (periods.length === 0) context.out.line('No month was closed yet; every month is open.');
    else
      context.out.table(
        [
          'month',
          'zone',
          'state',
          { title: 'revision', align: 'right' },
          { title: 'cut-off', align: 'right' },
          'decided',
        ],
        periods.map(({ period, tz, state, revision, cutOff, recordedAt }) => [
          period,
          tz,
          state,
          String(revision),
          cutOff,
          formatTime(recordedAt),
        ]),
      );
    return EXIT.done;
  },
});

const show = defineCommand({
  name: 'periods show',
  summary: 'Show the steps of a month, and what keeps it from being closed',
  arguments: ['<month>'],
  options: {},
  examples: ['periods show 2026-10'],
  async run({ positionals: [period = ''], ...context }) {
    const { decisions, checks } = await readDatabase(context, async (tx, { clock }) => {
      const decisions = await readPeriodDecisions(tx, period, EVERYTHING);
      const last = decisions.at(-1);
      const isClosed = last?.state === 'closed';
      const tz = last?.tz ?? 'UTC';
      return { decisions, checks: isClosed ? last.checks : await readChecklist(tx, { period, tz, clock }) };
    });
    context.out.json({ period, steps: decisions, checks });
    context.out.table(
      ['step', { title: 'revision', align: 'right' }, { title: 'cut-off', align: 'right' }, 'recorded', 'by', 'reason'],
      decisions.map(({ state, revision, cutOff, recordedAt, by, reason }) => [
        state,
        String(revision),
        cutOff,
        formatTime(recordedAt),
        by,
        reason ?? '',
      ]),
    );
    printChecks(context.out, checks);
    return EXIT.done;
  },
});

const close = defineCommand({
  name: 'periods close',
  summary: 'Close a month: its figures never change again, what comes later is an adjustment',
  description: [
    'Checks that stand open refuse it, unless each is waived with a reason, which is kept with the close.',
    `Checks: ${WAIVABLE_CHECKS.join(', ')}.`,
    'Exit code 1 when it was refused. Safe to repeat.',
  ].join('\n'),
  arguments: ['<month>'],
  options: {
    tz: { type: 'string', value: 'ZONE', description: 'IANA zone of the books; UTC, or that of the first close' },
    waive: { type: 'string', multiple: true, value: 'CHECK=REASON', description: 'Let a check stand open' },
    'dry-run': { type: 'boolean', description: 'Only show what would keep it from being closed' },
    yes: { type: 'boolean', description: 'Do not ask' },
  },
  examples: [
    'periods close 2026-10 --dry-run',
    "periods close 2026-10 --waive 'estimated_costs=Twilio bills on the 5th' --yes",
  ],
  async run({ values, positionals: [period = ''], ...context }) {
    const waivers = (values.waive ?? []).map(waiverOf);
    if (values['dry-run'] === true) {
      const checks = await readDatabase(context, (tx, { clock }) =>
        readChecklist(tx, { period, tz: values.tz ?? 'UTC', clock }),
      );
      const open = checks.filter(
        ({ check, outcome }) => outcome === 'blocking' && !waivers.some((waiver) => waiver.check === check),
      );
      context.out.json({ period, checks, would_close: open.length === 0 });
      printChecks(context.out, checks);
      return open.length === 0 ? EXIT.done : EXIT.problem;
    }
    if (values.yes !== true) await confirm(`${period} will be closed.`);
    try {
      const closing = await withAdministration(context, (deps) =>
        closePeriod(deps, { period, tz: values.tz, waivers, by: userOfMachine() }, WAIT_MS),
      );
      context.out.json({ ...closing, cutOff: String(closing.cutOff) });
      printChecks(context.out, closing.checks);
      context.out.line(
        closing.state === 'closed'
          ? `${period} is closed, revision ${closing.revision}, at position ${closing.cutOff}.`
          : `${period} is being closed: the server completes it when its read models have reached ${closing.cutOff}.`,
      );
      return EXIT.done;
    } catch (error) {
      if (!(error instanceof PeriodNotReadyError)) throw error;
      context.out.json({ period, state: 'open', checks: error.checks });
      printChecks(context.out, error.checks);
      context.out.note(error.message);
      return EXIT.problem;
    }
  },
});

/** Read models that nobody folds, for want of a server, never get there. */
const WAIT_MS = 15_000;

const reopen = defineCommand({
  name: 'periods reopen',
  summary: 'Open the last closed month again; what was reported stays retrievable',
  arguments: ['<month>'],
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'Why; kept for ever' },
    yes: { type: 'boolean', description: 'Do not ask' },
  },
  examples: ["periods reopen 2026-10 --reason 'Twilio re-billed the month' --yes"],
  async run({ values, positionals: [period = ''], ...context }) {
    const reason = needed(values.reason, '--reason');
    if (values.yes !== true) await confirm(`${period} will be open again.`);
    const { revision } = await withAdministration(context, (deps) =>
      reopenPeriod(deps, { period, reason, by: userOfMachine() }),
    );
    context.out.json({ period, state: 'reopened', revision });
    context.out.line(`${period} is open again; revision ${revision} stays as it was reported.`);
    return EXIT.done;
  },
});

function waiverOf(text: string): Readonly<{ check: (typeof WAIVABLE_CHECKS)[number]; reason: string }> {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--waive is CHECK=REASON, not "${text}".`);
  return { check: oneOf(WAIVABLE_CHECKS, text.slice(0, at), '--waive'), reason: text.slice(at + 1) };
}

function printChecks(out: Output, checks: readonly PeriodCheck[]): void {
  out.table(
    ['check', 'outcome', { title: 'count', align: 'right' }, 'what it counts', 'waived because'],
    checks.map(({ check, outcome, count, detail, reason }) => [
      check,
      outcome === 'blocking' ? out.style('red', outcome) : outcome,
      String(count),
      detail ?? '',
      reason ?? '',
    ]),
  );
}

export const commands = [list, show, close, reopen];
