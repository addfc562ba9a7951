import type { DemoFigures } from './read-figures.ts';
import { BOOKS_MONTH, DEMO_RANGE } from './demo-story.ts';
import type { Latency } from './latency.ts';
import type { Progress } from './read-progress.ts';
import type { Answers } from './send-deliveries.ts';

type Column = string | Readonly<{ title: string; align: 'right' }>;

/** What the demo needs of the command line's output. */
export type DemoOutput = Readonly<{
  line(text?: string): void;
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void;
  json(value: unknown): void;
  /** On standard error: progress. */
  note(text: string): void;
  style(style: 'bold' | 'dim', text: string): string;
}>;

export type Report = Readonly<{
  answers: Answers;
  progress: Progress;
  figures: DemoFigures;
  tenants: Readonly<Record<string, string>>;
  latency: Latency | undefined;
}>;

const ANSWERS = ['accepted', 'duplicate', 'rejected', 'unmapped', 'unassigned', 'quarantined', 'conflict'];
const right = (title: string): Column => ({ title, align: 'right' });

export function printReport(out: DemoOutput, report: Report): void {
  const { answers, progress, figures, latency } = report;
  const nameOf = (tenantId: string): string => report.tenants[tenantId] ?? tenantId;

  heading(out, 'Webhooks');
  out.line(ANSWERS.map((answer) => `${answers.get(answer) ?? 0} ${answer}`).join(' · '));

  heading(out, 'Queues');
  out.table(
    ['queue', right('published'), right('handled'), right('dead')],
    progress.queues.map((row) => [row.queue, String(row.published), String(row.handled), String(row.dead)]),
  );

  heading(out, 'Usage by tenant, day and meter');
  out.table(
    ['tenant', 'day', 'meter', right('quantity'), 'unit'],
    figures.usage
      .map((row) => [nameOf(row.tenant_id), row.window_start.slice(0, 10), row.meter, row.quantity, row.unit])
      .toSorted(byCells),
  );

  heading(out, 'Cost by tenant, day and component');
  out.table(
    ['tenant', 'day', 'component', right('cost'), 'currency', 'status'],
    figures.costs
      .map((row) => [
        nameOf(row.tenant_id),
        row.window_start.slice(0, 10),
        row.component,
        row.cost.amount,
        row.cost.currency,
        row.cost_status,
      ])
      .toSorted(byCells),
  );

  heading(out, `Rated, billed, collected and cost, ${DEMO_RANGE.from} to ${DEMO_RANGE.to}`);
  out.table(
    ['tenant', 'currency', right('rated'), right('billed'), right('collected'), right('cost'), right('gross profit')],
    figures.summary
      .map((row) => [
        nameOf(row.tenant_id),
        row.currency,
        row.rated.amount,
        row.billed.amount,
        row.collected.amount,
        row.cost.amount,
        row.gross_profit?.amount ?? 'mixed currencies',
      ])
      .toSorted(byCells),
  );

  heading(out, 'From the webhook to the figure');
  out.line(
    latency === undefined
      ? 'Nothing new: every delivery was a duplicate, and the figures are what they were.'
      : `p50 ${latency.p50Ms} ms, p95 ${latency.p95Ms} ms, over ${latency.webhooks} webhooks`,
  );
  out.json({
    answers: Object.fromEntries(answers),
    queues: progress.queues,
    ...figures,
    tenants: report.tenants,
    latency,
  });
}

/** The block to copy: each command works as it stands while the demo runs. */
export function printCommands(
  out: DemoOutput,
  demo: { url: string; token: string; financeKey: string; dataDir: string; once: boolean },
): void {
  const cli = `npx hookledger --data-dir ${demo.dataDir}`;
  heading(out, demo.once ? 'Look around (run the demo without --once to keep it serving)' : 'Look around');
  out.line(out.style('dim', '# the console; the link signs you in once, within 15 minutes'));
  out.line(`${demo.url}/console/sign-in?token=${demo.token}`);
  out.line(out.style('dim', '# the books in it: the month that was closed, its adjustment, and who is at a loss'));
  out.line(`${demo.url}/console/finance?from=${BOOKS_MONTH}-01`);
  out.line(out.style('dim', '# what finance asks'));
  const query = `mode=test&from=${DEMO_RANGE.from}&to=${DEMO_RANGE.to}`;
  out.line(`curl -H 'Authorization: Bearer ${demo.financeKey}' '${demo.url}/v1/summary?${query}'`);
  out.line(out.style('dim', '# one more webhook'));
  out.line(`${cli} send stripe invoice.paid`);
  out.line(out.style('dim', '# and its way to a figure'));
  out.line(`${cli} webhooks show latest`);
  if (!demo.once) out.line(`\n${out.style('dim', 'Ctrl-C stops everything; the data stays.')}`);
}

/** A line on standard error at each tenth, with rate and time left. */
export function showProgress(out: DemoOutput, what: string, total: number): (done: number) => void {
  const startedAt = performance.now();
  let shown = -1;
  return (done) => {
    const tenth = total === 0 ? 10 : Math.floor((done * 10) / total);
    if (tenth <= shown) return;
    shown = tenth;
    const seconds = Math.max((performance.now() - startedAt) / 1_000, 0.001);
    const rate = done / seconds;
    const left = rate > 0 ? `, ${Math.ceil((total - done) / rate)} s left` : '';
    const bar = '█'.repeat(tenth) + '░'.repeat(10 - tenth);
    out.note(`${bar} ${done}/${total} ${what}, ${Math.round(rate)}/s${done === total ? '' : left}`);
  };
}

export function heading(out: DemoOutput, text: string): void {
  out.line();
  out.line(out.style('bold', text));
}

function byCells(a: readonly string[], b: readonly string[]): number {
  return a.join('\0') < b.join('\0') ? -1 : 1;
}
