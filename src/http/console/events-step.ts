import { UNASSIGNED } from '../../domain/envelope.ts';
import type { EventRow } from '../../event-store/event-row.ts';
import type { WebhookStory } from '../../finance/webhook-story.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { rowList } from './step.ts';
import type { Step } from './step.ts';
import { badge, counted, number } from './words.ts';

export function eventsStep({ webhook, events }: WebhookStory): Step {
  const own = events.filter((event) => event.webhook_id === webhook.id).length;
  const later = events.length - own;
  if (events.length === 0) {
    return {
      title: 'Events',
      outcome: noEvents(webhook.status),
      tone: webhook.status === 'conflict' ? 'bad' : 'warning',
    };
  }
  return {
    title: 'Events',
    outcome: `${counted(own, 'event')} appended${later === 0 ? '' : `, ${counted(later, 'event')} that followed`}`,
    tone: events.some(({ tenant_id }) => tenant_id === UNASSIGNED) ? 'warning' : 'good',
    body: rowList(events.map((event) => row(event, event.webhook_id === webhook.id))),
  };
}

function noEvents(status: WebhookStory['webhook']['status']): string {
  switch (status) {
    case 'conflict':
      return 'None: the first body counts until a person decides';
    case 'quarantined':
      return 'None: it does not belong to its source, so nothing may come of it';
    case 'accepted':
    case 'unmapped':
    case 'unassigned':
      return 'None';
  }
}

function row(event: EventRow, isOwn: boolean): Html {
  return html`<li>
    <span class="line">
      <strong>${event.type}</strong>
      ${fact(event)}
    </span>
    <span class="line quiet">
      <span>
        ${event.stream_kind} <code>${event.external_id}</code>, version ${event.version}
        ${event.tenant_id === UNASSIGNED && badge('warning', 'no tenant')} ${!isOwn && badge('waiting', 'followed')}
      </span>
      <span>position <code>${event.position}</code></span>
    </span>
  </li>`;
}

function fact(event: EventRow): Html | undefined {
  if (event.fact_kind === null) return undefined;
  const amount = event.amount === null ? undefined : `${number(event.amount)} ${event.currency ?? ''}`;
  const value = amount ?? (event.quantity === null ? undefined : counted(event.quantity, event.unit ?? 'unit'));
  return html`<span class="value">
    <span class="quiet">${event.fact_kind}${event.meter !== event.fact_kind && ` · ${event.meter ?? ''}`}</span>
    ${value}
  </span>`;
}
