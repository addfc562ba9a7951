import type { ConflictDecision, ConflictDetails, ConflictingBody } from '../../finance/conflicts.ts';
import { diffLines } from './diff-lines.ts';
import type { DiffLine } from './diff-lines.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { indentJson } from './indent-json.ts';
import { badge, breakable, counted, number, time } from './words.ts';

/** What one of the bodies reports, as events and facts; without anything personal. */
export type ReportedLine = Readonly<{ type: string; what: string | undefined; value: string | undefined }>;

export type ConflictPageParts = Readonly<{
  details: ConflictDetails;
  reports: Readonly<{ first: readonly ReportedLine[]; second: readonly ReportedLine[] }>;
  /** Set when whoever looks may resolve it. */
  form: Readonly<{ token: string; reason: string; by: string; problem: string | undefined }> | undefined;
}>;

/** As much of a body as anyone compares on a page; the API has the whole of it. */
const BODY_CHARACTERS = 100_000;

/** Both bodies side by side, and the decision: made, or to be made. */
export function conflictPage({ details, reports, form }: ConflictPageParts): Html {
  const { conflict, first, second, decision } = details;
  const bodies =
    first.body === null || second.body === null ? undefined : diffLines(linesOf(first.body), linesOf(second.body));
  return html`<article class="conflict">
    <header class="head">
      <p class="back"><a href="/console/conflicts">All conflicts</a></p>
      <p class="eyebrow">${conflict.provider} · ${conflict.account} · ${conflict.mode}</p>
      <h1>
        <span>${breakable(conflict.providerType ?? 'unreadable')}</span>
        ${decision === undefined ? badge('bad', 'open') : badge('good', 'resolved')}
      </h1>
      <p class="detail">
        Two deliveries say that they are
        ${conflict.providerEventId === null ? 'the same event' : html`<code>${conflict.providerEventId}</code>`} and
        differ. ${decision === undefined ? 'The first one counts until a person decides.' : undefined}
      </p>
    </header>
    ${decision && decisionNote(decision, details)}
    <div class="sides">
      ${side('First', first, reports.first, bodies?.a, decision)}
      ${side('Second', second, reports.second, bodies?.b, decision)}
    </div>
    ${
      bodies === undefined &&
      first.bodyErasedAt === null &&
      second.bodyErasedAt === null &&
      html`<p class="quiet">Bodies are shown to engineers and admins of the platform.</p>`
    }
    ${decision === undefined && form && resolveForm(conflict.webhookId, form)}
  </article>`;
}

function decisionNote({ by, reason, decidedAt, position, keptWebhookId }: ConflictDecision, details: ConflictDetails) {
  const kept = keptWebhookId === details.second.webhookId ? 'second' : 'first';
  return html`<p class="note good">
    <strong>The ${kept} body counts.</strong> Decided by ${by} at ${time(decidedAt)}, position <code>${position}</code>:
    ${reason}
  </p>`;
}

function side(
  title: string,
  body: ConflictingBody,
  reports: readonly ReportedLine[],
  lines: readonly DiffLine[] | undefined,
  decision: ConflictDecision | undefined,
): Html {
  return html`<section class="side" aria-label="${title} body">
    <h2>${title} ${decision?.keptWebhookId === body.webhookId && badge('good', 'counts')}</h2>
    <p class="quiet">
      <a href="/console/webhooks/${body.webhookId}"><code>${body.webhookId}</code></a>
    </p>
    <p class="quiet">
      ${time(body.receivedAt)} ·
      ${body.bodyErasedAt === null ? counted(body.bodyBytes, 'byte') : html`erased on ${time(body.bodyErasedAt)}`}
    </p>
    <ul class="rows">
      ${
        reports.length === 0 &&
        body.bodyErasedAt === null &&
        html`<li class="quiet">Nothing that counts can be read out of it.</li>`
      }
      ${reports.map(
        ({ type, what, value }) =>
          html`<li class="line">
            <strong>${type}</strong>
            ${
              value !== undefined &&
              html`<span class="value"
                >${what !== undefined && html`<span class="quiet">${what}</span>`} ${value}</span
              >`
            }
          </li>`,
      )}
    </ul>
    ${lines && bodyLines(title, lines)}
  </section>`;
}

/** As a value: the formatter would take a line's end in the template for any white space. */
const LINE_END = '\n';

function bodyLines(title: string, lines: readonly DiffLine[]): Html {
  return html`<pre
    tabindex="0"
    aria-label="${title} body, differences marked"
  ><code>${lines.map(bodyLine)}</code></pre>`;
}

function bodyLine({ text, isDifferent }: DiffLine): Html {
  if (!isDifferent) return html`${text}${LINE_END}`;
  const [indent = ''] = /^ */.exec(text) ?? [];
  return html`${indent}<mark>${text.slice(indent.length)}</mark>${LINE_END}`;
}

function linesOf(body: Buffer): readonly string[] {
  const text = body.toString('utf8').slice(0, BODY_CHARACTERS);
  const indented = indentJson(text);
  // A form is one long line.
  return indented.includes('\n') ? indented.split('\n') : indented.split(/(?<=&)/);
}

function resolveForm(webhookId: string, form: NonNullable<ConflictPageParts['form']>): Html {
  return html`<form class="resolve" method="post" action="/console/conflicts/${webhookId}/resolve">
    <h2>Decide which one counts</h2>
    ${form.problem !== undefined && html`<p class="note bad" role="alert">${form.problem}</p>`}
    <input type="hidden" name="token" value="${form.token}" />
    <fieldset>
      <legend>The body that counts</legend>
      <label><input type="radio" name="keep" value="first" required /> the first: no figure changes</label>
      <label
        ><input type="radio" name="keep" value="second" required /> the second: the figures become what it says</label
      >
    </fieldset>
    <p class="field">
      <label for="reason">Reason</label>
      <textarea id="reason" name="reason" rows="3" maxlength="1000" required>${form.reason}</textarea>
    </p>
    <p class="field">
      <label for="by">Your name</label>
      <input id="by" name="by" maxlength="150" value="${form.by}" required />
    </p>
    <p class="quiet">It is appended to the log with your name, and it stands.</p>
    <p class="buttons"><button class="primary" type="submit">Resolve</button></p>
  </form>`;
}

export function reportedValue(fact: {
  amount?: string | undefined;
  currency?: string | undefined;
  quantity?: string | undefined;
  unit: string;
}): string | undefined {
  if (fact.amount !== undefined) return `${number(fact.amount)} ${fact.currency ?? ''}`;
  return fact.quantity === undefined ? undefined : counted(fact.quantity, fact.unit);
}

export function noConflictPage({ isAsked, hasAny }: { isAsked: boolean; hasAny: boolean }): Html {
  return html`<section class="notice">
    <h1>${isAsked ? 'No such conflict' : hasAny ? 'Two bodies under one key' : 'Nothing to decide'}</h1>
    <p>
      ${
        isAsked
          ? 'No conflict has this id. It is the id of the later one of the two webhooks.'
          : hasAny
            ? 'A provider sent the same event twice, with different bodies. Choose one to compare the two and to say which counts.'
            : 'When a provider sends the same event again with another body, both are kept and listed here.'
      }
    </p>
  </section>`;
}
