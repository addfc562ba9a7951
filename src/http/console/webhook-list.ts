import type { WebhookRow } from '../../finance/webhooks.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import type { Tone } from './words.ts';
import { badge, shortTime } from './words.ts';

export const STATUS_TONES: Readonly<Record<WebhookRow['status'], Tone>> = {
  accepted: 'good',
  unassigned: 'warning',
  unmapped: 'warning',
  quarantined: 'bad',
  conflict: 'bad',
};

export type WebhookListParts = Readonly<{
  rows: readonly WebhookRow[];
  /** Id of the webhook that is being shown. */
  selected?: string | undefined;
  /** Position that the page begins below; undefined for the newest. */
  before?: string | undefined;
  hasOlder: boolean;
}>;

/** The newest webhooks, or older ones, beside whatever is shown. */
export function webhookList({ rows, selected, before, hasOlder }: WebhookListParts): Html {
  const last = rows.at(-1);
  return html`<nav class="list" aria-labelledby="list-title">
    <h2 id="list-title">${before === undefined ? 'Newest webhooks' : 'Older webhooks'}</h2>
    <ol>
      ${rows.map((row) => item(row, row.id === selected, before))}
    </ol>
    ${
      (before !== undefined || hasOlder) &&
      html`<p class="pager">
        ${before !== undefined && html`<a href="/console">Newest</a>`}
        ${hasOlder && last !== undefined && html`<a rel="next" href="/console?before=${last.position}">Older</a>`}
      </p>`
    }
  </nav>`;
}

function item(row: WebhookRow, isSelected: boolean, before: string | undefined): Html {
  return html`<li>
    <a
      href="/console/webhooks/${row.id}${before !== undefined && `?before=${before}`}"
      ${isSelected && html` aria-current="page"`}
    >
      <span class="line">
        <strong>${row.providerType ?? 'unreadable'}</strong>
        ${row.status !== 'accepted' && badge(STATUS_TONES[row.status], row.status)}
      </span>
      <span class="line quiet">
        <span>${row.provider}${row.mode === 'test' && ' · test'} · ${row.tenantName}</span>
        ${shortTime(row.receivedAt)}
      </span>
    </a>
  </li>`;
}
