import type { Response } from 'express';
import type { Principal } from '../../tenants/principal.ts';
import type { Html } from './html.ts';
import { html, renderHtml } from './html.ts';

export type Section = 'webhooks' | 'finance' | 'conflicts' | 'dead-letters' | 'rejections';

export type PageParts = Readonly<{
  title: string;
  /** Who is signed in; the page of whoever is not has no way to sign out. */
  principal?: Principal;
  /** Which part of the console it is in, for the way to the others. */
  section?: Section;
  main: Html;
  aside?: Html;
  /** On a narrow screen only one of the two fits above the fold. */
  asideFirst?: boolean;
  /** Asks the browser to load the page again: while something is still under way. */
  refreshSeconds?: number;
}>;

/** Nothing but our own stylesheet, and forms to ourselves. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export type SendPage = (response: Response, status: number, parts: PageParts) => void;

/** `stylesheet`: its address. */
export function createSendPage(stylesheet: string): SendPage {
  return (response, status, parts) => {
    response
      .status(status)
      .set({ 'Cache-Control': 'no-store', 'Content-Security-Policy': CONTENT_POLICY })
      .type('html')
      .send(renderHtml(layout(stylesheet, parts)));
  };
}

function layout(stylesheet: string, parts: PageParts): Html {
  const { title, principal, section, main, aside, asideFirst, refreshSeconds } = parts;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${refreshSeconds !== undefined && html`<meta http-equiv="refresh" content="${refreshSeconds}" />`}
        <title>${title} · Hookledger</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${stylesheet}" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="/console"><span class="mark" aria-hidden="true"></span>Hookledger</a>
          ${principal && sections(principal, section)} ${principal && account(principal)}
        </header>
        <div class="${layoutOf(parts)}${asideFirst === true && ' aside-first'}">
          <main id="main" tabindex="-1">${main}</main>
          ${aside}
        </div>
      </body>
    </html>`;
}

/** A page with a list beside it, a page that is a list, or a notice. */
function layoutOf({ aside, section }: PageParts): 'columns' | 'single' | 'alone' {
  if (aside !== undefined) return 'columns';
  return section === undefined ? 'alone' : 'single';
}

const SECTIONS: readonly Readonly<{ section: Section; path: string; name: string }>[] = [
  { section: 'webhooks', path: '/console', name: 'Webhooks' },
  { section: 'finance', path: '/console/finance', name: 'Finance' },
  { section: 'conflicts', path: '/console/conflicts', name: 'Conflicts' },
  { section: 'dead-letters', path: '/console/dead-letters', name: 'Dead letters' },
  { section: 'rejections', path: '/console/rejections', name: 'Rejections' },
];

/** Nothing of what is refused, dead or in conflict is a tenant's; finance has no use for what is refused or dead. */
function sections({ role, tenantId }: Principal, current: Section | undefined): Html {
  const mayReadMoney = role === 'finance' || role === 'admin';
  const shown = SECTIONS.filter(({ section }) => {
    if (section === 'webhooks') return true;
    if (section === 'finance') return mayReadMoney;
    return tenantId === undefined && (section === 'conflicts' || role !== 'finance');
  });
  return html`<nav class="sections" aria-label="Sections">
    ${shown.map(
      ({ section, path, name }) =>
        html`<a href="${path}" ${section === current && html` aria-current="true"`}>${name}</a>`,
    )}
  </nav>`;
}

function account({ role, tenantId }: Principal): Html {
  return html`<form class="account" method="post" action="/console/sign-out">
    <span>${role}${tenantId !== undefined && html` · <code>${tenantId}</code>`}</span>
    <button type="submit">Sign out</button>
  </form>`;
}
