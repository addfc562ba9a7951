import type { StoryOperations, WebhookStory } from '../../finance/webhook-story.ts';
import type { WebhookConflict } from '../../finance/webhooks.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { indentJson } from './indent-json.ts';
import type { Step } from './step.ts';
import { counted, time } from './words.ts';

/** As much of a body as anyone reads on a page; the API has the whole of it. */
const BODY_BYTES = 100_000;

export function requestStep({ webhook, operations }: WebhookStory): Step {
  const durationMs = webhook.recordedAt.getTime() - webhook.receivedAt.getTime();
  return {
    title: 'Request',
    // What does not verify is rejected, and never becomes a webhook.
    outcome: `Signature verified; recorded ${durationMs} ms after it came in`,
    tone: 'good',
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
      <dd>
        ${
          request.bodyErasedAt === null
            ? counted(request.bodyBytes, 'byte')
            : html`erased with its headers on ${time(request.bodyErasedAt)}`
        }
      </dd>
    </div>
    ${
      request.bodyErasedAt === null &&
      html`<div>
        <dt>Headers kept</dt>
        <dd>${request.headerNames.map((name) => html`<code>${name}</code> `)}</dd>
      </div>`
    }
    <div>
      <dt>Delivered again</dt>
      <dd>${duplicates === 0 ? 'never' : `${counted(duplicates, 'time')}, which changed nothing`}</dd>
    </div>
  `;
}

function conflictNote(conflict: WebhookConflict, id: string): Html {
  const other = conflict.webhookId === id ? conflict.firstWebhookId : conflict.webhookId;
  const state = conflict.resolvedPosition === null ? 'Nobody has resolved it yet' : 'It is resolved';
  return html`<p class="note warning">
    The same event came with another body: <a href="/console/webhooks/${other}"><code>${other}</code></a
    >. ${state}: <a href="/console/conflicts/${conflict.webhookId}">compare the two</a>.
  </p>`;
}

function bodyDetails(body: Buffer): Html {
  const text = body.toString('utf8', 0, BODY_BYTES);
  return html`<details>
    <summary>Body</summary>
    <pre tabindex="0"><code>${body.length > BODY_BYTES ? `${text}\n…` : indentJson(text)}</code></pre>
  </details>`;
}
