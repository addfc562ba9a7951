import { compareDecimals, parseDecimal, ZERO } from '../../../domain/decimal.ts';
import type { EventFigure } from '../../../finance/figure-events.ts';
import type { OpenedFigures } from '../../../finance/open-figures.ts';
import type { Overview, OverviewRow } from '../../../finance/overview.ts';
import { figureEventsLink } from '../../v1/event-links.ts';
import type { Html } from '../html.ts';
import { html } from '../html.ts';
import { badge, number } from '../words.ts';
import { barChart } from './bar-chart.ts';

export type OverviewKind = 'month' | 'tenant' | 'provider';

/** One table of the books by month, tenant or provider; each figure leads to its events, each tenant to its page. */
export function overviewTable(parts: {
  caption: string;
  kind: OverviewKind;
  rows: readonly OverviewRow[];
  opened: OpenedFigures;
  nameOf?: (key: string) => string;
  hrefOf?: (row: OverviewRow) => string | undefined;
}): Html {
  const { caption, kind, rows, opened, nameOf = (key) => key, hrefOf } = parts;
  if (rows.length === 0) return html`<p class="none quiet">No figures in this range.</p>`;
  const cell = (row: OverviewRow, figure: EventFigure, amount: string): Html =>
    html`<td class="amount">
      ${amount === '0' ? '0' : html`<a href="${eventsOf(row, kind, figure, opened)}">${number(amount)}</a>`}
    </td>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">${kind === 'month' ? 'Month' : kind === 'tenant' ? 'Tenant' : 'Provider'}</th>
          <th scope="col">Currency</th>
          ${['Rated', 'Billed', 'Collected', 'Cost', 'Gross profit', 'Margin'].map(
            (name) => html`<th scope="col" class="amount">${name}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => {
          const href = hrefOf?.(row);
          const name = row.key === '' ? 'fees of plans' : nameOf(row.key);
          return html`<tr>
            <th scope="row">${href === undefined ? name : html`<a href="${href}">${name}</a>`}</th>
            <td>${row.currency}</td>
            ${cell(row, 'rated', row.rated)} ${cell(row, 'billed', row.billed)} ${cell(row, 'collected', row.collected)}
            ${cell(row, 'cost', row.cost)}
            <td class="amount">${profit(row)}</td>
            <td class="amount">${row.grossMarginPct === undefined ? '' : `${number(row.grossMarginPct)} %`}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

/** Without a rate of exchange nothing is subtracted across currencies; that is said instead. */
function profit({ grossProfit, currency }: OverviewRow): Html | string {
  if (grossProfit === undefined)
    return html`<span class="quiet" title="Revenue and cost are in two currencies">mixed</span>`;
  if (currency === '') return '';
  const isLoss = compareDecimals(parseDecimal(grossProfit), ZERO) < 0;
  return isLoss ? html`${badge('bad', 'loss')} ${number(grossProfit)}` : number(grossProfit);
}

export function isLoss({ grossProfit }: OverviewRow): boolean {
  return grossProfit !== undefined && compareDecimals(parseDecimal(grossProfit), ZERO) < 0;
}

function eventsOf(row: OverviewRow, kind: OverviewKind, figure: EventFigure, { filter }: OpenedFigures): string {
  return `/console${figureEventsLink({
    figure,
    filter: {
      ...filter,
      range: row.range,
      currency: row.currency,
      ...(kind === 'tenant' ? { tenantIds: [row.key] } : {}),
      ...(kind === 'provider' && row.key !== '' ? { providers: [row.key] } : {}),
    },
  })}`;
}

const SERIES = ['rated', 'billed', 'collected', 'cost'] as const;

/** Months as bars, one chart for each currency: two are never on one scale. */
export function overviewCharts({ months }: Pick<Overview, 'months'>): Html {
  const currencies = [...new Set(months.map(({ currency }) => currency))].filter((code) => code !== '');
  return html`${currencies.map((currency) => {
    const rows = months.filter((row) => row.currency === currency);
    return html`${barChart({
      title: 'Rated, billed, collected and cost by month',
      unit: currency,
      series: SERIES,
      bars: rows.flatMap((row) => SERIES.map((series) => ({ label: row.key, series, value: row[series] }))),
    })}`;
  })}`;
}
