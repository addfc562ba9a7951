import type { RequestHandler } from 'express';
import { z } from 'zod';
import { openFigures } from '../../../finance/open-figures.ts';
import type { OpenedFigures } from '../../../finance/open-figures.ts';
import { readOverview } from '../../../finance/overview.ts';
import type { Overview } from '../../../finance/overview.ts';
import { readPending } from '../../../finance/pending.ts';
import type { Pending } from '../../../finance/pending.ts';
import { EVERYTHING, readPeriods } from '../../../finance/periods/read-periods.ts';
import type { PeriodStep } from '../../../finance/periods/read-periods.ts';
import { figureParameters, listOf, parseQuery, text } from '../../../finance/query-parameters.ts';
import type { Reader } from '../../../finance/read-transaction.ts';
import { withReadTransaction } from '../../../finance/read-transaction.ts';
import { listTenantChoices } from '../../../finance/tenant-choices.ts';
import type { Tx } from '../../../platform/postgres.ts';
import { filterForm } from '../filter-form.ts';
import type { Html } from '../html.ts';
import { html } from '../html.ts';
import { counted } from '../words.ts';
import { readerOf, sendFinance } from './finance-page.ts';
import type { FinanceRouteDeps } from './finance-route-deps.ts';
import { isLoss, overviewCharts, overviewTable } from './overview-page.ts';
import { stateBadge } from './period-page.ts';
import { standing } from './report-page.ts';

const { limit: _limit, cursor: _cursor, ...parameters } = figureParameters;
const querySchema = z.object({ ...parameters, provider: listOf(text).optional() });

const MONTHS = 3;

type Read = Readonly<{
  opened: OpenedFigures;
  overview: Overview;
  pending: Pending;
  periods: readonly PeriodStep[];
  names: ReadonlyMap<string, string>;
  tz: string;
}>;

/** The books at a glance: three months, whoever made money and whoever did not. */
export function showOverview(deps: FinanceRouteDeps): RequestHandler {
  return async (request, response) => {
    const given = Object.fromEntries(Object.entries(request.query).filter(([, value]) => value !== ''));
    const read = await withReadTransaction(deps.pool, readerOf(response), (tx) =>
      readOverviewOf(tx, deps, readerOf(response), given),
    );
    sendFinance(deps.sendPage, response, {
      title: 'Finance',
      path: '/console/finance',
      main: overviewPage(read, given),
    });
  };
}

/** Also of one tenant alone. */
export async function readOverviewOf(
  tx: Tx,
  { clock }: Pick<FinanceRouteDeps, 'clock'>,
  reader: Reader,
  given: Readonly<Record<string, unknown>>,
): Promise<Read> {
  const query = parseQuery(querySchema, { from: monthsBack(clock.now(), MONTHS - 1), ...given });
  const opened = await openFigures(tx, {
    query,
    window: 'month',
    cursor: undefined,
    clock,
    of: ({ usage, payments, invoices }) => [usage, payments, invoices],
  });
  const filter = { ...opened.filter, providers: query.provider };
  const scoped = { ...opened, filter };
  const month = new Intl.DateTimeFormat('en-CA', { timeZone: query.tz, year: 'numeric', month: '2-digit' });
  return {
    opened: scoped,
    overview: await readOverview(tx, scoped, (at) => month.format(at)),
    pending: await readPending(tx, { reader, source: opened.source, filter }),
    periods: await readPeriods(tx, EVERYTHING),
    names: new Map((await listTenantChoices(tx)).map(({ id, name }) => [id, name])),
    tz: query.tz,
  };
}

function overviewPage({ opened, overview, pending, periods, names, tz }: Read, given: Record<string, unknown>): Html {
  const losses = overview.tenants.filter(isLoss);
  const word = (name: string): string | undefined => (typeof given[name] === 'string' ? given[name] : undefined);
  const meta = { ...opened, range: opened.range, tz, window: 'month' as const, models: modelsOf(opened) };
  return html`<section class="report">
    <h1>Finance</h1>
    <p class="detail">What was rated, billed, collected and paid for, by month, tenant and provider.</p>
    ${standing({ meta }, pending)}
    ${filterForm('/console/finance', [
      { name: 'from', label: 'From (date)', value: word('from') },
      { name: 'to', label: 'and before', value: word('to') },
      { name: 'tz', label: 'Time zone', value: word('tz') },
      {
        name: 'tenant_id',
        label: 'Tenant',
        value: word('tenant_id'),
        options: [...names].map(([value, label]) => ({ value, label })),
      },
      { name: 'provider', label: 'Provider', value: word('provider') },
      { name: 'as_of', label: 'As of (time or position)', value: word('as_of') },
    ])}
    ${
      losses.length > 0 &&
      html`<p class="notice" role="status">
        ${counted(losses.length, 'tenant')} at a loss:
        ${losses.map(({ key }) => html`<a href="${tenantHref(key)}">${names.get(key) ?? key}</a> `)}
      </p>`
    }
    ${overviewCharts(overview)}
    <h2>By month</h2>
    ${overviewTable({
      caption: 'By month',
      kind: 'month',
      rows: overview.months,
      opened,
      hrefOf: ({ key }) => `/console/finance/periods/${key}`,
    })}
    <p class="quiet states">
      ${[...new Set(overview.months.map(({ key }) => key))].map(
        (key) => html`<span>${key} ${stateBadge(periods.find(({ period }) => period === key))}</span> `,
      )}
    </p>
    <h2>By provider</h2>
    ${overviewTable({ caption: 'By provider', kind: 'provider', rows: overview.providers, opened })}
    <h2>By tenant</h2>
    ${overviewTable({
      caption: 'By tenant',
      kind: 'tenant',
      rows: overview.tenants,
      opened,
      nameOf: (key) => names.get(key) ?? key,
      hrefOf: ({ key }) => tenantHref(key),
    })}
  </section>`;
}

function modelsOf({ models }: OpenedFigures) {
  return [models.usage, models.payments, models.invoices] as const;
}

function tenantHref(tenantId: string): string {
  return `/console/finance/tenants/${encodeURIComponent(tenantId)}`;
}

function monthsBack(now: Date, months: number): string {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)).toISOString().slice(0, 10);
}
