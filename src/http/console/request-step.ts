import { parse, stringify } from 'lossless-json';
import type { StoryOperations, WebhookStory } from '../../finance/webhook-story.ts';
import type { WebhookConflict } from '../../finance/webhooks.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import type { Step } from './step.ts';
import { counted, time } from './words.ts';

/** As much of a body as anyone reads on a page. */
const BODY_CHARACTERS = 20_000;

export function requestStep({ webhook, operations }: WebhookStory): Step {
  const durationMs = webhook.recordedAt.getTime() - webhook.receivedAt.getTime();
  return {
    title: 'Request',
    // What does not verify is rejected, and never becomes a webhook.
    outcome: `Signature verified; recorded ${durationMs} ms after it came in`,
    tone: operations !== undefined && operations.conflicts.length > 0 ? 'warning' : 'good',
    body: html`
      <dl class="facts">
        <div>
          <dt>Received</dt>
          <dd>${time(webhook.receivedAt)}</dd>
        </div>
        <div>
          <dt>Source</dt>
          <dd><code>${webhook.sourceId}</code></dd>
        </div>
        ${operations && requestFacts(operations)}
      </dl>
      ${operations?.conflicts.map((conflict) => conflictNote(conflict, webhook.id))}
      ${operations?.request.body && bodyDetails(operations.request.body)}
    `,
  };
}

function requestFacts({ request, duplicates }: StoryOperations): Html {
  return html`
    <div>
      <dt>Request</dt>
      <dd><code>${request.method} ${request.url.replace(/\?.*$/s, '')}</code></dd>
    </div>
    <div>
      <dt>Body</dt>
      <dd>${counted(request.bodyBytes, 'byte')}</dd>
    </div>
    <div>
      <dt>Headers kept</dt>
      <dd>${request.headerNames.map((name) => html`<code>${name}</code> `)}</dd>
    </div>
    <div>
      <dt>Delivered again</dt>
      <dd>${duplicates === 0 ? 'never' : `${counted(duplicates, 'time')}, which changed nothing`}</dd>
    </div>
  `;
}

function conflictNote(conflict: WebhookConflict, id: string): Html {
  const other = conflict.webhookId === id ? conflict.firstWebhookId : conflict.webhookId;
  const state = conflict.resolvedPosition === null ? 'Nobody has resolved it yet.' : 'It is resolved.';
  return html`<p class="note warning">
    The same event came with another body: <a href="/console/webhooks/${other}"><code>${other}</code></a
    >. ${state}
  </p>`;
}

function bodyDetails(body: Buffer): Html {
  const text = readable(body);
  return html`<details>
    <summary>Body</summary>
    <pre tabindex="0"><code>${text.slice(0, BODY_CHARACTERS)}${text.length > BODY_CHARACTERS && '\n…'}</code></pre>
  </details>`;
}

/** Indented; every number keeps the digits that were sent. */
function readable(body: Buffer): string {
  const text = body.toString('utf8');
  try {
    return stringify(parse(text), undefined, 2) ?? text;
  } catch {
    // Not JSON, or odd JSON: shown as it came.
    return text;
  }
}
