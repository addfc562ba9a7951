import type { Money } from '../../domain/currency.ts';
import { exportReport } from '../../finance/export-report.ts';
import { reportRowJson, totalsJson } from '../../finance/report-json.ts';
import { isListCell, isMoneyCell } from '../../finance/report.ts';
import type { Cell, Report } from '../../finance/report.ts';
import { reports } from '../../finance/reports.ts';
import type { Command, Option } from '../command.ts';
import { defineCommand, EXIT } from '../command.ts';
import type { Output } from '../output.ts';
import { readDatabase } from '../read-database.ts';
import { UsageError } from '../usage-error.ts';
import { formatTime } from '../format-time.ts';

/** What only a client of the HTTP API has a use for, or what `--json` says already. */
const LEFT_OUT = ['cursor'];

/** One command for each report, with its parameters as options: `receivables/ageing` is `finance receivables-ageing`. */
export const commands: readonly Command[] = reports.map(commandOf);

function commandOf(report: Report): Command {
  const word = report.name.replaceAll('/', '-');
  const parameters = Object.entries(report.parameters.shape).filter(([name]) => !LEFT_OUT.includes(name));
  const options: Record<string, Option> = Object.fromEntries(
    parameters.map(([name, schema]): [string, Option] => [
      name.replaceAll('_', '-'),
      { type: 'string', multiple: true, value: 'V', description: describe(name, schema) },
    ]),
  );
  return defineCommand({
    name: `finance ${word}`,
    summary: report.summary,
    description: [
      'Lists may be given more than once, or separated by commas. --format csv and ndjson print every row, for a file.',
      `With --json: the page and totals. Columns: ${report.columns.map(({ name }) => name).join(', ')}.`,
    ].join('\n'),
    options,
    examples: [`finance ${word}`, `finance ${word} --format csv > ${word}.csv`],
    async run({ values, ...context }) {
      const question = report.ask(
        queryOf(
          values,
          parameters.map(([name]) => name),
        ),
      );
      const { format } = question;
      if (format === 'manifest')
        throw new UsageError('A manifest is of an export over HTTP; take json, csv or ndjson.');
      await readDatabase(context, async (tx, { clock }) => {
        const opened = await question.open(tx, { reader: {}, clock });
        const { columns } = report;
        if (format === 'csv' || format === 'ndjson') {
          const wanted = { report: opened, columns, format, hasMark: question.hasMark };
          for await (const { text } of exportReport(wanted)) context.out.raw(text);
          return;
        }
        const { rows, nextCursor } = await opened.readPage(question.limit);
        const totals = await opened.readTotals();
        const { tz, asOf } = opened.meta;
        context.out.json({
          data: rows.map((row) => reportRowJson(columns, row, tz)),
          totals: totalsJson(totals, tz),
          basis: opened.meta.basis,
          as_of: { position: String(asOf.position), recorded_at: asOf.recordedAt.toISOString() },
          has_more: nextCursor !== undefined,
        });
        context.out.table(
          columns.map(({ name, kind }) =>
            ['integer', 'decimal', 'money'].includes(kind) ? { title: name, align: 'right' } : name,
          ),
          rows.map(({ cells }) => cells.map(show)),
        );
        tellTotals(context.out, totals);
        context.out.line(context.out.style('dim', `as of position ${asOf.position}, by ${opened.meta.basis} period`));
        if (nextCursor !== undefined) context.out.line(`There is more: raise --limit, or take --format csv.`);
      });
      return EXIT.done;
    },
  });
}

function describe(name: string, schema: unknown): string {
  const described =
    typeof schema === 'object' && schema !== null && 'description' in schema ? schema.description : undefined;
  return typeof described === 'string' ? described : name.replaceAll('_', ' ');
}

/** As a URL's query would say it. */
function queryOf(values: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const given = values[name.replaceAll('_', '-')];
      if (!Array.isArray(given)) return [];
      return [[name, given.length === 1 ? String(given[0]) : given.map(String)]];
    }),
  );
}

function tellTotals(out: Output, totals: Readonly<Record<string, Cell>>): void {
  for (const [name, cell] of Object.entries(totals)) out.line(`${name}: ${show(cell)}`);
}

function show(cell: Cell): string {
  if (cell === null) return '';
  if (cell instanceof Date) return formatTime(cell);
  if (isListCell(cell)) return cell.map((item) => (typeof item === 'string' ? item : money(item))).join(', ');
  if (isMoneyCell(cell)) return money(cell);
  return String(cell);
}

function money({ amount, currency }: Money): string {
  return `${amount} ${currency}`;
}
