import { retentionOf } from '../../config.ts';
import type { JobPartition } from '../../event-store/job-partitions.ts';
import { MAX_COUNTED, previewRetention, runRetention } from '../../event-store/retention.ts';
import type { RetentionReport } from '../../event-store/retention.ts';
import { terminationSignal } from '../../platform/shutdown.ts';
import { defineCommand, EXIT } from '../command.ts';
import type { Context } from '../command.ts';
import { withEnvironment } from '../environment.ts';
import type { Column, Output } from '../output.ts';
import { snakeCased } from '../snake-cased.ts';

const run = defineCommand({
  name: 'retention run',
  summary: 'Do away with what is settled and old, as the relay does every hour',
  description: [
    'Says of each partition of jobs whether it went, and what holds it if not. JOB_DAYS, DEAD_LETTER_DAYS and',
    'WEBHOOK_BODY_DAYS say how long things are kept. Events are kept for ever. Stopped half way, run it again.',
  ].join('\n'),
  options: { 'dry-run': { type: 'boolean', description: 'Say what would go, and do nothing' } },
  examples: ['retention run --dry-run', 'retention run --json'],
  async run({ values, ...context }) {
    const isDryRun = values['dry-run'] === true;
    const days = retentionOf(context.config);
    const report = await withEnvironment(context, ({ pool, logger }) =>
      (isDryRun ? previewRetention : runRetention)({ pool, logger, days }, terminationSignal()),
    );
    const { partitions, ...counts } = report;
    context.out.json({
      dry_run: isDryRun,
      days: snakeCased(days),
      partitions: partitions.map(snakeCased),
      ...snakeCased(counts),
    });
    printPartitions(context.out, partitions);
    printCounts(context, report, isDryRun);
    return EXIT.done;
  },
});

function printPartitions(out: Output, partitions: readonly JobPartition[]): void {
  out.line(out.style('bold', 'Partitions of outbox, inbox and attempts'));
  out.table(
    [right('from'), right('to'), right('MB'), 'state', ''],
    partitions.map((partition) => [
      partition.fromPosition,
      String(BigInt(partition.toPosition) - 1n),
      (Number(partition.bytes) / 1_048_576).toFixed(1),
      describeState(partition),
      partition.detail ?? '',
    ]),
  );
  out.line();
}

function describeState({ state }: JobPartition): string {
  switch (state) {
    case 'dropped':
      return 'dropped';
    case 'free':
      return 'would be dropped';
    case 'busy':
      return 'busy; it goes another time';
    default:
      return `held: ${state}`;
  }
}

function printCounts({ out, config }: Context, report: RetentionReport, isDryRun: boolean): void {
  const went = isDryRun ? 'would go' : 'went';
  const { deadLetterDays, lateRows, intents, markHistoryRows, webhookBodies } = report;
  out.line(
    deadLetterDays === undefined
      ? 'Dead letters are busy; old ones go another time.'
      : `Dead letters of ${deadLetterDays} days ${went}: those older than ${config.deadLetterDays} days.`,
  );
  if (lateRows !== undefined) out.line(`Rows of late jobs that ${went}: ${lateRows}.`);
  if (intents !== undefined) out.line(`Intents of calls that ${went}: ${intents}.`);
  out.line(`Rows of the mark's history that ${went}: ${counted(markHistoryRows, isDryRun)}.`);
  out.line(
    config.webhookBodyDays === undefined
      ? 'Bodies of webhooks are kept for ever: WEBHOOK_BODY_DAYS is not set.'
      : `Bodies of webhooks that ${went}, older than ${config.webhookBodyDays} days: ${counted(webhookBodies, isDryRun)}.`,
  );
}

function counted(count: number, isDryRun: boolean): string {
  return isDryRun && count >= MAX_COUNTED ? `${MAX_COUNTED} or more` : String(count);
}

function right(title: string): Column {
  return { title, align: 'right' };
}

export const commands = [run];
