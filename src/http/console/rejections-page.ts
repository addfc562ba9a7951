import type { ListedRejection } from '../../finance/rejections.ts';
import { filterForm } from './filter-form.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { queryOf } from './query-words.ts';
import { badge, counted, time } from './words.ts';

export type RejectionFilterWords = Readonly<{
  provider: string | undefined;
  source: string | undefined;
  cause: string | undefined;
  from: string | undefined;
  to: string | undefined;
}>;

export type RejectionsPageParts = Readonly<{
  rows: readonly ListedRejection[];
  filter: RejectionFilterWords;
  causes: readonly string[];
  isFirstPage: boolean;
  /** What the address of the next page says; undefined on the last one. */
  older: string | undefined;
}>;

/** Requests that were refused, newest first: why, and what is known of them. No body and no header value is kept. */
export function rejectionsPage({ rows, filter, causes, isFirstPage, older }: RejectionsPageParts): Html {
  const isFiltered = Object.values(filter).some((word) => word !== undefined);
  return html`<section class="rejections">
    <h1>Rejections</h1>
    <p class="detail">
      Requests that were refused: no source has their address, or the signature was not right. The record is bounded; a
      flood overwrites the oldest.
    </p>
    ${filterForm('/console/rejections', [
      { name: 'cause', label: 'Cause', value: filter.cause, options: causes.map((value) => ({ value, label: value })) },
      { name: 'provider', label: 'Provider', value: filter.provider },
      { name: 'source', label: 'Source', value: filter.source },
      { name: 'from', label: 'From (UTC)', value: filter.from, type: 'datetime-local' },
      { name: 'to', label: 'and before', value: filter.to, type: 'datetime-local' },
    ])}
    ${
      rows.length === 0
        ? html`<p class="none quiet">${isFiltered ? 'None is like that.' : 'Nothing was refused.'}</p>`
        : html`<ul class="rows">
            ${rows.map(row)}
          </ul>`
    }
    ${
      (!isFirstPage || older !== undefined) &&
      html`<p class="pager">
        ${!isFirstPage && html`<a href="/console/rejections${queryOf(filter)}">Newest</a>`}
        ${
          older !== undefined &&
          html`<a rel="next" href="/console/rejections${queryOf({ ...filter, before: older })}">Older</a>`
        }
      </p>`
    }
  </section>`;
}

function row(rejection: ListedRejection): Html {
  const { cause, detail, provider, sourceId, rejectedAt, headerNames, bodyBytes, bodyHash } = rejection;
  return html`<li>
    <p class="line">
      <span>${badge('bad', cause)} <strong>${provider}</strong> <code>${sourceId}</code></span>
      <span class="quiet">${time(rejectedAt)}</span>
    </p>
    ${detail !== null && html`<p class="detail">${detail}</p>`}
    <p class="line quiet">
      <span>
        ${headerNames.length === 0 ? 'No headers' : 'Headers '}
        ${headerNames.map((name) => html`<code>${name}</code> `)}
      </span>
      <span>${counted(bodyBytes, 'byte')}, SHA-256 <code>${bodyHash.slice(0, 12)}…</code></span>
    </p>
  </li>`;
}
