import { QUEUES } from '../../domain/queues.ts';
import { LETTER_STATES } from '../../workers/dead-letters/dead-letter.ts';
import type { DeadLetter, LetterState } from '../../workers/dead-letters/dead-letter.ts';
import type { DeadLetterGroup } from '../../workers/dead-letters/group-dead-letters.ts';
import type { DeadLetterFilterWords } from './dead-letter-filter.ts';
import { filterForm } from './filter-form.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { queryOf } from './query-words.ts';
import { badge, counted, number, shortTime } from './words.ts';
import type { Tone } from './words.ts';

export type DeadLetterListParts = Readonly<{
  /** Those of the latest deaths. */
  groups: readonly DeadLetterGroup[];
  hasMoreGroups: boolean;
  letters: readonly DeadLetter[];
  filter: DeadLetterFilterWords;
  tenants: readonly Readonly<{ id: string; name: string }>[];
  isFirstPage: boolean;
  /** What the address of the next page says; undefined on the last one. */
  older: string | undefined;
}>;

export const STATE_TONES: Readonly<Record<LetterState, Tone>> = {
  open: 'bad',
  redriven: 'waiting',
  'died-again': 'warning',
  done: 'good',
  ended: 'nothing',
  lost: 'nothing',
};

/** Jobs that ended without success: by what killed them, and one by one. */
export function deadLetterListPage(parts: DeadLetterListParts): Html {
  const { groups, hasMoreGroups, letters, filter, isFirstPage, older } = parts;
  const isFiltered = Object.values(filter).some((word) => word !== undefined);
  return html`<section class="letters">
    <h1>Dead letters</h1>
    <p class="detail">
      Jobs that ended without success. Mend what killed them, then redrive them; a redrive that fails is a letter again.
    </p>
    ${filters(parts)}
    ${
      letters.length === 0
        ? html`<p class="none quiet">${isFiltered ? 'None is like that.' : 'No job has died.'}</p>`
        : html`${
              isFirstPage &&
              html`<h2>By what killed them</h2>
                <ul class="rows">
                  ${groups.map((group) => groupRow(group, filter))}
                </ul>
                ${hasMoreGroups && html`<p class="none quiet">There are more; filter to see them.</p>`}`
            }
            <h2 class="line">
              <span>One by one</span> <a href="/console/dead-letters/redrive${queryOf(filter)}">Redrive these</a>
            </h2>
            <ul class="rows">
              ${letters.map(letterRow)}
            </ul>`
    }
    ${
      (!isFirstPage || older !== undefined) &&
      html`<p class="pager">
        ${!isFirstPage && html`<a href="/console/dead-letters${queryOf(filter)}">Newest</a>`}
        ${
          older !== undefined &&
          html`<a rel="next" href="/console/dead-letters${queryOf({ ...filter, before: older })}">Older</a>`
        }
      </p>`
    }
  </section>`;
}

function filters({ filter, tenants }: DeadLetterListParts): Html {
  const choices = (words: readonly string[]) => words.map((value) => ({ value, label: value }));
  return filterForm('/console/dead-letters', [
    { name: 'state', label: 'State', value: filter.state, options: choices(LETTER_STATES) },
    { name: 'queue', label: 'Queue', value: filter.queue, options: choices(QUEUES) },
    { name: 'cause', label: 'Cause', value: filter.cause },
    {
      name: 'tenant',
      label: 'Tenant',
      value: filter.tenant,
      options: tenants.map(({ id, name }) => ({ value: id, label: name })),
    },
    { name: 'fingerprint', label: 'Fingerprint', value: filter.fingerprint },
    { name: 'event', label: 'Event id', value: filter.event },
    { name: 'from', label: 'Died from (UTC)', value: filter.from, type: 'datetime-local' },
    { name: 'to', label: 'and before', value: filter.to, type: 'datetime-local' },
  ]);
}

function groupRow(group: DeadLetterGroup, filter: DeadLetterFilterWords): Html {
  const query = queryOf({ ...filter, fingerprint: group.fingerprint });
  const { letters, tenants, open, redriven, done } = group;
  const since = [
    ...(redriven === 0 ? [] : [`${number(String(redriven))} redriven`]),
    ...(done === 0 ? [] : [`${number(String(done))} done since`]),
  ];
  return html`<li>
    <p class="line">
      <span><strong>${group.cause}</strong> <span class="quiet">${group.eventType} on ${group.queue}</span></span>
      ${open === 0 ? badge('good', 'none open') : badge('bad', `${number(String(open))} open`)}
    </p>
    <p class="detail">${firstLine(group.detail)}</p>
    <p class="line quiet">
      <span>${[counted(letters, 'death'), counted(tenants, 'tenant'), ...since].join(' · ')}</span>
      <span>last ${shortTime(group.lastDiedAt)}</span>
    </p>
    <p class="line">
      <a href="/console/dead-letters${query}">Letters of <code>${group.fingerprint}</code></a>
      ${open > 0 && html`<a href="/console/dead-letters/redrive${query}">Redrive</a>`}
    </p>
  </li>`;
}

function letterRow(letter: DeadLetter): Html {
  return html`<li>
    <p class="line">
      <span>
        ${badge(STATE_TONES[letter.state], letter.state)}
        <a href="/console/dead-letters/${letter.eventId}">${letter.eventType}</a>
        <span class="quiet">on ${letter.queue}</span>
      </span>
      <span class="quiet">${shortTime(letter.diedAt)}</span>
    </p>
    <p class="detail">${firstLine(letter.detail)}</p>
    <p class="quiet">
      ${letter.cause} · ${letter.tenantId} ·
      ${letter.attempts === 0 ? 'never tried' : `tried ${counted(letter.attempts, 'time')}`}
      ${letter.generation > 0 && ` · generation ${letter.generation}`}
    </p>
  </li>`;
}

const LINE_LENGTH = 240;

function firstLine(detail: string): string {
  const [line = ''] = detail.split('\n');
  return line.length <= LINE_LENGTH ? line : `${line.slice(0, LINE_LENGTH)}…`;
}
