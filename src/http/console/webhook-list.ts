import { WEBHOOK_STATUSES } from '../../finance/webhooks.ts';
import type { WebhookRow } from '../../finance/webhooks.ts';
import { filterForm } from './filter-form.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { queryOf } from './query-words.ts';
import type { WebhookFilterWords } from './webhook-filter.ts';
import type { Tone } from './words.ts';
import { badge, shortTime } from './words.ts';

export const STATUS_TONES: Readonly<Record<WebhookRow['status'], Tone>> = {
  accepted: 'good',
  unassigned: 'warning',
  unmapped: 'warning',
  quarantined: 'bad',
  conflict: 'bad',
};

export type Choice = Readonly<{ id: string; name: string }>;

export type WebhookListParts = Readonly<{
  rows: readonly WebhookRow[];
  /** Id of the webhook that is being shown. */
  selected?: string | undefined;
  /** Position that the page begins below; undefined for the newest. */
  before?: string | undefined;
  hasOlder: boolean;
  filter: WebhookFilterWords;
  /** Whom the reader may choose between, and which providers there are. */
  tenants: readonly Choice[];
  providers: readonly string[];
}>;

/** The newest webhooks, or older ones, beside whatever is shown. */
export function webhookList(parts: WebhookListParts): Html {
  const { rows, selected, before, hasOlder, filter } = parts;
  const last = rows.at(-1);
  return html`<nav class="list" aria-labelledby="list-title">
    <h2 id="list-title">${before === undefined ? 'Newest webhooks' : 'Older webhooks'}</h2>
    ${filters(parts)} ${rows.length === 0 && isFiltered(filter) && html`<p class="none quiet">None is like that.</p>`}
    <ol>
      ${rows.map((row) => item(row, row.id === selected, queryOf({ ...filter, before })))}
    </ol>
    ${
      (before !== undefined || hasOlder) &&
      html`<p class="pager">
        ${before !== undefined && html`<a href="/console${queryOf(filter)}">Newest</a>`}
        ${
          hasOlder &&
          last !== undefined &&
          html`<a rel="next" href="/console${queryOf({ ...filter, before: last.position })}">Older</a>`
        }
      </p>`
    }
  </nav>`;
}

function isFiltered(filter: WebhookFilterWords): boolean {
  return Object.values(filter).some((word) => word !== undefined);
}

function filters({ filter, tenants, providers }: WebhookListParts): Html {
  const same = (value: string) => ({ value, label: value });
  return filterForm('/console', [
    { name: 'status', label: 'Status', value: filter.status, options: WEBHOOK_STATUSES.map(same) },
    { name: 'provider', label: 'Provider', value: filter.provider, options: providers.map(same) },
    { name: 'type', label: 'Type', value: filter.type },
    {
      name: 'tenant',
      label: 'Tenant',
      value: filter.tenant,
      options: tenants.map(({ id, name }) => ({ value: id, label: name })),
    },
    { name: 'from', label: 'Received from (UTC)', value: filter.from, type: 'datetime-local' },
    { name: 'to', label: 'and before', value: filter.to, type: 'datetime-local' },
  ]);
}

function item(row: WebhookRow, isSelected: boolean, query: string): Html {
  return html`<li>
    <a href="/console/webhooks/${row.id}${query}" ${isSelected && html` aria-current="page"`}>
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
