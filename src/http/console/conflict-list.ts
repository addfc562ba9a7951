import type { ListedConflict } from '../../finance/conflicts.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { queryOf } from './query-words.ts';
import { badge, shortTime } from './words.ts';
import { filterForm } from './filter-form.ts';

export type ConflictFilterWords = Readonly<{ state: 'all' | undefined; provider: string | undefined }>;

export type ConflictListParts = Readonly<{
  rows: readonly ListedConflict[];
  /** Id of the later webhook of the conflict that is being shown. */
  selected?: string | undefined;
  before?: string | undefined;
  hasOlder: boolean;
  filter: ConflictFilterWords;
  providers: readonly string[];
}>;

/** Conflicts, beside the one that is shown. */
export function conflictList({ rows, selected, before, hasOlder, filter, providers }: ConflictListParts): Html {
  const last = rows.at(-1);
  const query = queryOf({ ...filter, before });
  return html`<nav class="list" aria-labelledby="list-title">
    <h2 id="list-title">${filter.state === 'all' ? 'Conflicts' : 'Open conflicts'}</h2>
    ${filterForm('/console/conflicts', [
      {
        name: 'state',
        label: 'State',
        value: filter.state,
        options: [{ value: 'all', label: 'open and resolved' }],
      },
      {
        name: 'provider',
        label: 'Provider',
        value: filter.provider,
        options: providers.map((value) => ({ value, label: value })),
      },
    ])}
    ${rows.length === 0 && html`<p class="none quiet">None.</p>`}
    <ol>
      ${rows.map((row) => item(row, row.webhookId === selected, query))}
    </ol>
    ${
      (before !== undefined || hasOlder) &&
      html`<p class="pager">
        ${before !== undefined && html`<a href="/console/conflicts${queryOf(filter)}">Newest</a>`}
        ${
          hasOlder &&
          last !== undefined &&
          html`<a rel="next" href="/console/conflicts${queryOf({ ...filter, before: last.position })}">Older</a>`
        }
      </p>`
    }
  </nav>`;
}

function item(row: ListedConflict, isSelected: boolean, query: string): Html {
  return html`<li>
    <a href="/console/conflicts/${row.webhookId}${query}" ${isSelected && html` aria-current="page"`}>
      <span class="line">
        <strong>${row.providerType ?? 'unreadable'}</strong>
        ${row.resolvedPosition === null ? badge('bad', 'open') : badge('good', 'resolved')}
      </span>
      <span class="line quiet">
        <span>${row.provider}${row.mode === 'test' && ' · test'} · ${row.providerEventId ?? row.account}</span>
        ${shortTime(row.recordedAt)}
      </span>
    </a>
  </li>`;
}
