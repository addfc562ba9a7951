import type { RequestHandler } from 'express';
import type { ColumnHead, Report, ReportRow } from '../../../finance/report.ts';
import { ParameterError } from '../../../finance/parameter-error.ts';
import { withReadTransaction } from '../../../finance/read-transaction.ts';
import type { Reader } from '../../../finance/read-transaction.ts';
import { reports } from '../../../finance/reports.ts';
import { ProblemError } from '../../problem.ts';
import type { Html } from '../html.ts';
import { readerOf, sendFinance } from './finance-page.ts';
import type { FinanceRouteDeps } from './finance-route-deps.ts';
import { reportChart } from './report-chart.ts';
import { reportPage, unansweredPage } from './report-page.ts';
import { headOf } from './report-table.ts';

const ROWS = '200';

/** A page for any report; its parameters stand in the address. */
export function showReport(deps: FinanceRouteDeps): RequestHandler {
  return async (request, response) => {
    const name = request.path.replace(/^\/reports\//, '');
    const reader = readerOf(response);
    const report = reports.find((each) => each.name === name && (reader.tenantId === undefined || !each.isOfPlatform));
    if (report === undefined) throw new ProblemError('not_found', `There is no report ${name}.`);
    const query = wordsOf(report, request.query);
    const path = `/console/finance/reports/${name}`;
    const title = headOf(name.replaceAll('/', ' '));
    try {
      const main = await answer(deps, reader, { report, path, query });
      sendFinance(deps.sendPage, response, { title, path, main });
    } catch (error) {
      if (!(error instanceof ParameterError)) throw error;
      // Nothing was asked yet: what is missing is no mistake.
      const isFirstLook = Object.keys(query).length === 0;
      const main = unansweredPage({ report, path, query, problem: isFirstLook ? undefined : error.message });
      sendFinance(deps.sendPage, response, { status: isFirstLook ? 200 : 400, title, path, main });
    }
  };
}

type Asked = Readonly<{ report: Report; path: string; query: Readonly<Record<string, string>> }>;

async function answer({ pool, clock }: FinanceRouteDeps, reader: Reader, asked: Asked): Promise<Html> {
  const { report, query } = asked;
  const question = report.ask({ limit: ROWS, ...query });
  return withReadTransaction(pool, reader, async (tx) => {
    const opened = await question.open(tx, { reader, clock });
    const page = await opened.readPage(question.limit);
    return reportPage({
      ...asked,
      opened,
      page,
      totals: await opened.readTotals(),
      pending: await opened.readPending(),
      chart: reportChart(report.columns, page.rows, opened.meta.tz),
      linkOf: (column, row) => linkOf(report, column, row),
    });
  });
}

/** What a form leaves empty is not asked. */
function wordsOf(report: Report, query: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => {
      const words = Array.isArray(value) ? value.join(',') : value;
      return typeof words === 'string' && words !== '' && (name in report.parameters.shape || name === 'cursor')
        ? [[name, words]]
        : [];
    }),
  );
}

/** Tenants, statements and months have pages of their own. */
function linkOf(report: Report, { name }: ColumnHead, row: ReportRow): string | undefined {
  const value = row.cells[report.columns.findIndex((column) => column.name === name)];
  if (typeof value !== 'string' || value === '') return undefined;
  switch (name) {
    case 'tenant_id':
      return `/console/finance/tenants/${encodeURIComponent(value)}`;
    case 'statement_id':
    case 'corrects':
      return `/console/finance/statements/${encodeURIComponent(value)}`;
    case 'period':
    case 'booked_period':
    case 'service_period':
      return `/console/finance/periods/${value}`;
    default:
      return undefined;
  }
}
