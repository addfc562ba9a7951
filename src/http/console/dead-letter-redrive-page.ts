import type { DeadLetterCounts } from '../../workers/dead-letters/count-dead-letters.ts';
import type { LetterState } from '../../workers/dead-letters/dead-letter.ts';
import type { DeadLetterFilterWords } from './dead-letter-filter.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { queryOf } from './query-words.ts';
import { counted, number } from './words.ts';

export type RedriveForm = Readonly<{
  token: string;
  reason: string;
  by: string;
  rate: string;
  /** Only letters that died before this; ISO 8601. */
  until: string;
  problem: string | undefined;
}>;

export type RedrivePageParts = Readonly<{
  filter: DeadLetterFilterWords;
  counts: DeadLetterCounts;
  /** What was redriven just now; undefined before. */
  redriven: number | undefined;
  form: RedriveForm;
}>;

/** What a redrive would do, and the form that has it done; afterwards what it did, and the form to go on. */
export function deadLetterRedrivePage({ filter, counts, redriven, form }: RedrivePageParts): Html {
  const { open } = counts.byState;
  return html`<section class="letters">
    <p class="eyebrow"><a href="/console/dead-letters${queryOf(filter)}">Dead letters</a></p>
    <h1>Redrive</h1>
    <p class="detail">${describeFilter(filter)}</p>
    ${
      redriven !== undefined &&
      html`<p class="note good" role="status">
        <strong>${counted(redriven, 'job')} redriven.</strong>
        ${open === 0 ? 'None is left.' : `${number(String(open))} are left: this page worked for twenty seconds. Go on below.`}
      </p>`
    }
    <dl class="facts">
      ${fact('Would be redriven', open)} ${skipped(counts).map(([name, count]) => fact(name, count))}
      ${fact('Tenants', counts.tenants)}
    </dl>
    ${open === 0 ? html`<p class="detail">Nothing here waits to be redriven.</p>` : redriveForm(filter, counts, form)}
  </section>`;
}

function fact(name: string, count: number): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${number(String(count))}</dd>
  </div>`;
}

const SKIPPED: readonly (readonly [LetterState, string])[] = [
  ['redriven', 'Skipped: redriven'],
  ['died-again', 'Skipped: died again'],
  ['done', 'Skipped: done since'],
  ['ended', 'Skipped: ended otherwise'],
  ['lost', 'Skipped: no longer kept'],
];

function skipped({ byState }: DeadLetterCounts): readonly (readonly [string, number])[] {
  return SKIPPED.flatMap(([state, name]) => (byState[state] === 0 ? [] : [[name, byState[state]] as const]));
}

function redriveForm(filter: DeadLetterFilterWords, { byState }: DeadLetterCounts, form: RedriveForm): Html {
  return html`<form class="resolve" method="post" action="/console/dead-letters/redrive${queryOf(filter)}">
    <h2>Publish ${byState.open === 1 ? 'it' : 'them'} once more</h2>
    ${form.problem !== undefined && html`<p class="note bad" role="alert">${form.problem}</p>`}
    <input type="hidden" name="token" value="${form.token}" />
    <input type="hidden" name="until" value="${form.until}" />
    <p class="field">
      <label for="reason">Reason</label>
      <textarea id="reason" name="reason" rows="3" maxlength="1000" required>${form.reason}</textarea>
    </p>
    <p class="field">
      <label for="by">Your name</label>
      <input id="by" name="by" maxlength="150" value="${form.by}" required />
    </p>
    <p class="field">
      <label for="rate">Jobs a second, at most</label>
      <input id="rate" name="rate" type="number" min="1" max="10000" value="${form.rate}" required />
    </p>
    <p class="quiet">It is appended to the log with your name. What dies again is not redriven again by this.</p>
    <p class="buttons"><button class="primary" type="submit">Redrive ${counted(byState.open, 'job')}</button></p>
  </form>`;
}

function describeFilter(filter: DeadLetterFilterWords): string {
  const words = Object.entries(filter).flatMap(([name, word]) => (word === undefined ? [] : [`${name} ${word}`]));
  return words.length === 0 ? 'All dead letters.' : `Dead letters with ${words.join(', ')}.`;
}
