import { furthestBehind } from '../../finance/read-models.ts';
import type { WebhookStory } from '../../finance/webhook-story.ts';
import { eventsStep } from './events-step.ts';
import { figuresStep } from './figures-step.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { jobsStep, outboxStep } from './jobs-steps.ts';
import { linesStep } from './lines-step.ts';
import { requestStep } from './request-step.ts';
import type { Step } from './step.ts';
import { stepItem } from './step.ts';
import { STATUS_TONES } from './webhook-list.ts';
import { badge, breakable } from './words.ts';

/** One webhook's way, from the request down to the figures. */
export function storyPage(story: WebhookStory, { mayReadMoney }: { mayReadMoney: boolean }): Html {
  const { webhook } = story;
  const unfolded = unfoldedPositions(story).length;
  const steps: readonly Step[] = [
    requestStep(story),
    eventsStep(story),
    ...(story.operations === undefined ? [] : [outboxStep(story.operations), jobsStep(story.operations)]),
    linesStep(story, { unfolded }),
    figuresStep(story, { unfolded, mayReadMoney }),
  ];
  return html`<article>
    <header class="head">
      <p class="back"><a href="/console">All webhooks</a></p>
      <p class="eyebrow">${webhook.provider} · ${webhook.account} · ${webhook.mode}</p>
      <h1>
        <span>${breakable(webhook.providerType ?? 'unreadable')}</span>
        ${badge(STATUS_TONES[webhook.status], webhook.status)}
      </h1>
      ${webhook.detail !== null && html`<p class="detail">${webhook.detail}</p>`}
      <dl class="facts">
        <div>
          <dt>Webhook</dt>
          <dd><code>${webhook.id}</code></dd>
        </div>
        ${
          webhook.providerEventId !== null &&
          html`<div>
            <dt>Provider’s id</dt>
            <dd><code>${webhook.providerEventId}</code></dd>
          </div>`
        }
        <div>
          <dt>Tenant</dt>
          <dd>
            ${webhook.tenantName}
            ${webhook.tenantName !== webhook.tenantId && html`<code class="quiet">${webhook.tenantId}</code>`}
          </dd>
        </div>
        <div>
          <dt>Position</dt>
          <dd><code>${webhook.position}</code></dd>
        </div>
      </dl>
    </header>
    <ol class="way">
      ${steps.map(stepItem)}
    </ol>
  </article>`;
}

/** Whether a job has not ended or a read model has not caught up: the page will look different in a moment. */
export function isUnderWay(story: WebhookStory): boolean {
  const hasOpenJob = story.operations?.jobs.some(({ outcome }) => outcome === null) ?? false;
  return hasOpenJob || unfoldedPositions(story).length > 0;
}

function unfoldedPositions({ events, models }: WebhookStory): readonly string[] {
  const folded = furthestBehind([models.usage, models.payments, models.invoices]).position;
  return events.map(({ position }) => position).filter((position) => BigInt(position) > folded);
}
