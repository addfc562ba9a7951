import type { Response } from 'express';
import { reports } from '../../../finance/reports.ts';
import type { Reader } from '../../../finance/read-transaction.ts';
import { principalOf } from '../../auth.ts';
import type { Html } from '../html.ts';
import { html } from '../html.ts';
import type { SendPage } from '../page.ts';
import { headOf } from './report-table.ts';

/** What every page of finance is sent through: the way to the others above it. */
export function sendFinance(
  sendPage: SendPage,
  response: Response,
  { status = 200, title, path, main }: { status?: number; title: string; path: string; main: Html },
): void {
  sendPage(response, status, {
    title,
    section: 'finance',
    principal: principalOf(response),
    main: html`${navigation(path, readerOf(response))} ${main}`,
  });
}

/** The rows that whoever is signed in may see. */
export function readerOf(response: Response): Reader {
  const { tenantId } = principalOf(response);
  return tenantId === undefined ? {} : { tenantId };
}

function navigation(current: string, { tenantId }: Reader): Html {
  const pages = [
    { path: '/console/finance', name: 'Overview' },
    ...(tenantId === undefined ? [{ path: '/console/finance/periods', name: 'Periods' }] : []),
    ...reports
      .filter(({ name, isOfPlatform }) => name !== 'periods' && (tenantId === undefined || !isOfPlatform))
      .map(({ name }) => ({ path: `/console/finance/reports/${name}`, name: headOf(name.replaceAll('/', ' ')) })),
  ];
  return html`<nav class="pages" aria-label="Finance">
    ${pages.map(({ path, name }) => html`<a href="${path}" ${path === current && html` aria-current="page"`}>${name}</a>`)}
  </nav>`;
}
