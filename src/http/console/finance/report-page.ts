import type { z } from 'zod';
import type { Basis } from '../../../finance/basis.ts';
import type { OpenReport, Report, ReportMeta, ReportPage } from '../../../finance/report.ts';
import type { Cell } from '../../../finance/report.ts';
import type { Pending } from '../../../finance/pending.ts';
import { furthestBehind } from '../../../finance/read-models.ts';
import { filterForm } from '../filter-form.ts';
import type { FilterField } from '../filter-form.ts';
import type { Html } from '../html.ts';
import { html } from '../html.ts';
import { counted, number, time } from '../words.ts';
import type { BarChart } from './bar-chart.ts';
import { barChart } from './bar-chart.ts';
import type { CellLink } from './report-table.ts';
import { cellText, headOf, reportTable } from './report-table.ts';

/** What is said on every page of figures: where they stand, how fresh they are, what is not in them yet. */
export function standing(
  { meta }: Readonly<{ meta: Pick<ReportMeta, 'models' | 'asOf'> & Readonly<{ basis?: Basis }> }>,
  pending: Pending,
): Html {
  const slowest = furthestBehind(meta.models);
  const open = [
    ...pendingWords(pending.unpricedEvents, 'unpriced'),
    ...pendingWords(pending.uncostedEvents, 'without cost'),
    ...pendingWords(pending.unassigned, 'unassigned'),
    ...pendingWords(pending.unmapped, 'unmapped'),
    ...pendingWords(pending.conflicts, 'in conflict'),
  ];
  return html`<p class="standing quiet">
    <span>As of ${time(meta.asOf.recordedAt)} UTC, position ${number(String(meta.asOf.position))}</span>
    ${meta.basis === 'booked' && html`<span>As reported, by booked period</span>`}
    <span>${slowest.name} v${slowest.version}, ${number(slowest.lagSeconds.toFixed(1))} s behind</span>
    <span class="${open.length === 0 ? 'good' : 'warning'}">
      ${open.length === 0 ? 'Nothing pending' : `Pending: ${open.join(', ')}`}
    </span>
  </p>`;
}

function pendingWords(count: string, words: string): readonly string[] {
  return count === '0' ? [] : [`${number(count)} ${words}`];
}

export type ReportPageParts = Readonly<{
  report: Report;
  /** The address of this page, without its query. */
  path: string;
  query: Readonly<Record<string, string>>;
  opened: OpenReport;
  page: ReportPage;
  totals: Readonly<Record<string, Cell>>;
  pending: Pending;
  chart?: BarChart | undefined;
  linkOf?: CellLink;
  title?: string;
}>;

const NOT_FILTERS = ['cursor', 'format', 'bom', 'limit', 'mode'];

/** One report for people: filters in the address, a chart where it has one, the table, its totals, and the files of it. */
export function reportPage(parts: ReportPageParts): Html {
  const { report, path, query, opened, page, totals, pending, chart, linkOf } = parts;
  const { tz } = opened.meta;
  const exports = (format: string): string => `/console/v1/${report.name}${search({ ...query, format, cursor: '' })}`;
  return html`<section class="report">
    <h1>${parts.title ?? headOf(report.name.replaceAll('/', ' '))}</h1>
    <p class="detail">${report.summary}.</p>
    ${standing(opened, pending)} ${filterForm(path, fieldsOf(report, query))} ${chart && barChart(chart)}
    ${
      page.rows.length === 0
        ? html`<p class="none quiet">Nothing here in this range.</p>`
        : reportTable({
            caption: `${headOf(report.name.replaceAll('/', ' '))}: ${counted(page.rows.length, 'row')}`,
            columns: report.columns,
            rows: page.rows,
            tz,
            ...(linkOf === undefined ? {} : { linkOf }),
          })
    }
    ${totalsList(totals, tz)}
    <p class="pager">
      ${(query['cursor'] ?? '') !== '' && html`<a href="${path}${search({ ...query, cursor: '' })}">First page</a>`}
      ${
        page.nextCursor !== undefined &&
        html`<a rel="next" href="${path}${search({ ...query, cursor: page.nextCursor })}">Next page</a>`
      }
    </p>
    <p class="files quiet">
      All rows as <a href="${exports('csv')}">CSV</a>, <a href="${exports('ndjson')}">NDJSON</a>; their
      <a href="${exports('manifest')}">manifest</a> with digests.
    </p>
  </section>`;
}

/** The form of a report that cannot be answered as it was asked, and what is wrong or missing. */
export function unansweredPage({
  report,
  path,
  query,
  problem,
}: Pick<ReportPageParts, 'report' | 'path' | 'query'> & Readonly<{ problem: string | undefined }>): Html {
  return html`<section class="report">
    <h1>${headOf(report.name.replaceAll('/', ' '))}</h1>
    <p class="detail">${report.summary}.</p>
    ${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
    ${filterForm(path, fieldsOf(report, query))}
  </section>`;
}

function totalsList(totals: Readonly<Record<string, Cell>>, tz: string): Html | undefined {
  const told = Object.entries(totals).filter(
    ([, cell]) => cell !== null && cellText({ kind: 'text' }, cell, tz) !== '',
  );
  if (told.length === 0) return undefined;
  return html`<dl class="facts totals">
    ${told.map(
      ([name, cell]) =>
        html`<div>
          <dt>Total ${name.replaceAll('_', ' ')}</dt>
          <dd>${cellText({ kind: 'decimal' }, cell, tz)}</dd>
        </div>`,
    )}
  </dl>`;
}

function fieldsOf({ parameters }: Report, query: Readonly<Record<string, string>>): readonly FilterField[] {
  return Object.entries(parameters.shape)
    .filter(([name]) => !NOT_FILTERS.includes(name))
    .map(([name, schema]) => {
      const options = choicesOf(schema);
      const value = query[name];
      return {
        name,
        label: headOf(name),
        value: value === '' ? undefined : value,
        ...(options === undefined ? {} : { options: options.map((choice) => ({ value: choice, label: choice })) }),
      };
    });
}

/** The words of an enumeration, whatever wraps it. */
function choicesOf(schema: unknown): readonly string[] | undefined {
  if (!isSchema(schema)) return undefined;
  const { def } = schema;
  if ('entries' in def && typeof def.entries === 'object' && def.entries !== null) return Object.keys(def.entries);
  return 'innerType' in def ? choicesOf(def.innerType) : undefined;
}

function isSchema(value: unknown): value is Readonly<{ def: z.core.$ZodTypeDef }> {
  return typeof value === 'object' && value !== null && 'def' in value;
}

/** `?a=1&b=2`, without what is empty. */
export function search(query: Readonly<Record<string, string>>): string {
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  return words.size === 0 ? '' : `?${words.toString()}`;
}
