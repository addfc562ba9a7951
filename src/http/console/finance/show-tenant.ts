import type { RequestHandler } from 'express';
import { listTenantChoices } from '../../../finance/tenant-choices.ts';
import type { OpenReport, Report, ReportPage } from '../../../finance/report.ts';
import { withReadTransaction } from '../../../finance/read-transaction.ts';
import { reports } from '../../../finance/reports.ts';
import { ProblemError } from '../../problem.ts';
import type { Html } from '../html.ts';
import { html } from '../html.ts';
import { readerOf, sendFinance } from './finance-page.ts';
import type { FinanceRouteDeps } from './finance-route-deps.ts';
import { overviewCharts, overviewTable } from './overview-page.ts';
import { search, standing } from './report-page.ts';
import { headOf, reportTable } from './report-table.ts';
import { readOverviewOf } from './show-overview.ts';

/** Whatever of these reports there is, a few rows of each; all of it is one click away. */
const EXCERPTS = ['usage', 'statements', 'receivables', 'payments/failures', 'adjustments'];
const ROWS = '10';

type Excerpt = Readonly<{ report: Report; opened: OpenReport; page: ReportPage }>;

/** One tenant: what it made and cost by month and provider, what it used, was billed and owes. */
export function showTenant(deps: FinanceRouteDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params;
    const reader = readerOf(response);
    const main = await withReadTransaction(deps.pool, reader, async (tx) => {
      const tenant = (await listTenantChoices(tx)).find((each) => each.id === id);
      if (tenant === undefined && id !== 'unassigned') throw new ProblemError('not_found', `There is no tenant ${id}.`);
      const read = await readOverviewOf(tx, deps, reader, { tenant_id: id });
      const excerpts: Excerpt[] = [];
      for (const name of EXCERPTS) {
        const report = reports.find((each) => each.name === name);
        if (report === undefined) continue;
        // oxlint-disable-next-line no-await-in-loop -- one connection answers one question at a time
        const opened = await report.ask({ tenant_id: id, limit: ROWS }).open(tx, { reader, clock: deps.clock });
        // oxlint-disable-next-line no-await-in-loop
        excerpts.push({ report, opened, page: await opened.readPage(Number(ROWS)) });
      }
      const { opened, overview } = read;
      const models = [opened.models.usage, opened.models.payments, opened.models.invoices] as const;
      return html`<section class="report">
        <p class="eyebrow">Tenant <code>${id}</code></p>
        <h1>${tenant?.name ?? 'Unassigned'}</h1>
        ${standing({ meta: { ...opened, models } }, read.pending)} ${overviewCharts(overview)}
        <h2>By month</h2>
        ${overviewTable({ caption: 'By month', kind: 'month', rows: overview.months, opened })}
        <h2>By provider</h2>
        ${overviewTable({ caption: 'By provider', kind: 'provider', rows: overview.providers, opened })}
        ${excerpts.map((each) => excerpt(each, id))}
      </section>`;
    });
    sendFinance(deps.sendPage, response, { title: id, path: '', main });
  };
}

function excerpt({ report, opened, page }: Excerpt, tenantId: string): Html {
  const title = headOf(report.name.replaceAll('/', ' '));
  return html`<h2>${title}</h2>
    ${
      page.rows.length === 0
        ? html`<p class="none quiet">Nothing.</p>`
        : reportTable({ caption: title, columns: report.columns, rows: page.rows, tz: opened.meta.tz })
    }
    <p class="pager">
      <a rel="next" href="/console/finance/reports/${report.name}${search({ tenant_id: tenantId })}">
        All of ${title.toLowerCase()}
      </a>
    </p>`;
}
