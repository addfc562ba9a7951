import type { JobAttempt } from '../../event-store/list-job-attempts.ts';
import type { DeadLetterStory } from '../../workers/dead-letters/read-dead-letters.ts';
import { STATE_TONES } from './dead-letter-list-page.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { badge, breakable, time } from './words.ts';

/** What the state of a letter means to whoever reads it. */
const MEANINGS = {
  open: 'It waits for a person: mend the cause, then redrive it, or give it up with hookledger dead-letters purge.',
  redriven: 'It was published again, and has not ended since.',
  'died-again': 'It was published again, and died again: see the newer letter.',
  done: 'It was published again, and is done.',
  ended: 'It has ended otherwise since.',
  lost: 'What is needed to redrive it is no longer kept; hookledger dead-letters purge removes it.',
} as const;

/** Why the jobs about one event died, try by try. */
export function deadLetterPage({ letters, webhookId }: DeadLetterStory): Html {
  const [newest] = letters;
  if (newest === undefined) return noDeadLetterPage();
  return html`<article class="letters">
    <p class="eyebrow"><a href="/console/dead-letters">Dead letters</a></p>
    <h1><span>${breakable(newest.eventType)}</span></h1>
    <dl class="facts">
      ${fact('Event', html`<a href="/console/v1/events/${newest.eventId}"><code>${newest.eventId}</code></a>`)}
      ${webhookId !== null && fact('Webhook', html`<a href="/console/webhooks/${webhookId}">its whole story</a>`)}
      ${fact('Tenant', html`${newest.tenantId}`)} ${fact('Position', html`${newest.position}`)}
    </dl>
    ${letters.map(letterSection)}
  </article>`;
}

function fact(name: string, value: Html): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function letterSection(letter: DeadLetterStory['letters'][number]): Html {
  const again = `${letter.replayId === 'live' ? '' : `, replay ${letter.replayId}`}${letter.generation === 0 ? '' : `, generation ${letter.generation}`}`;
  return html`<section class="letter" aria-label="${letter.queue}${again}">
    <h2>${letter.queue}${again} ${badge(STATE_TONES[letter.state], letter.state)}</h2>
    <p class="quiet">
      Died ${time(letter.diedAt)} · ${letter.cause} ·
      <a href="/console/dead-letters?fingerprint=${letter.fingerprint}">all of its kind</a>
    </p>
    <pre><code>${letter.detail}</code></pre>
    <ol class="rows">
      ${
        letter.tries.length === 0
          ? html`<li class="quiet">No try is on record: it never came to one, or that is too long ago.</li>`
          : letter.tries.map((attempt) => attemptRow(attempt, letter.detail))
      }
    </ol>
    <p class="detail">${MEANINGS[letter.state]}</p>
    ${
      letter.state === 'open' &&
      html`<p class="buttons">
        <a class="button" href="/console/dead-letters/redrive?event=${letter.eventId}&amp;queue=${letter.queue}"
          >Redrive</a
        >
      </p>`
    }
  </section>`;
}

function attemptRow(attempt: JobAttempt, death: string): Html {
  return html`<li>
    <p class="line">
      <span>Attempt ${attempt.attempt} on ${attempt.transport}: ${attempt.outcome}</span>
      <span class="quiet">${time(attempt.startedAt)} · ${attempt.durationMs} ms</span>
    </p>
    ${attempt.detail !== null && attempt.detail !== death && html`<p class="detail">${attempt.detail}</p>`}
  </li>`;
}

export function noDeadLetterPage(): Html {
  return html`<section class="notice">
    <h1>No such dead letter</h1>
    <p>No job about an event with this id has died, or that is too long ago.</p>
    <p><a href="/console/dead-letters">All dead letters</a></p>
  </section>`;
}
