import type { StoryFigure } from '../../finance/story-figures.ts';
import type { StoryJob } from '../../finance/story-jobs.ts';
import type { StoryOperations, WebhookStory } from '../../finance/webhook-story.ts';
import { eventJson } from './event-json.ts';
import { figureLink } from './figure-link.ts';
import { linesJson } from './line-json.ts';

export function storyJson(story: WebhookStory): Record<string, unknown> {
  const { webhook, operations } = story;
  return {
    id: webhook.id,
    position: webhook.position,
    source_id: webhook.sourceId,
    provider: webhook.provider,
    account: webhook.account,
    mode: webhook.mode,
    books: webhook.books,
    tenant_id: webhook.tenantId,
    status: webhook.status,
    detail: webhook.detail,
    provider_event_id: webhook.providerEventId,
    provider_type: webhook.providerType,
    received_at: webhook.receivedAt.toISOString(),
    recorded_at: webhook.recordedAt.toISOString(),
    // A request whose signature does not verify is never recorded as a webhook.
    signature: 'verified',
    ...(operations === undefined ? {} : operationsJson(operations)),
    events: story.events.map(eventJson),
    facts: story.facts.map((fact) => ({
      key: fact.factKey,
      winning_event_id: fact.winningEventId,
      differing_reports: fact.differingReports,
    })),
    lines: linesJson(story.lines),
    figures: story.figures.map(figureJson),
  };
}

function operationsJson(operations: StoryOperations): Record<string, unknown> {
  const { request, duplicates, conflicts, jobs, jobsDroppedAt } = operations;
  return {
    request: {
      method: request.method,
      path: request.url.replace(/\?.*$/s, ''),
      header_names: request.headerNames,
      body_bytes: request.bodyBytes,
      body_erased_at: request.bodyErasedAt?.toISOString() ?? null,
      // Latin-1 would not tell what the bytes were; base64 always does.
      ...(request.body === null ? {} : { body_base64: request.body.toString('base64') }),
    },
    duplicates,
    conflicts: conflicts.map((conflict) => ({
      webhook_id: conflict.webhookId,
      first_webhook_id: conflict.firstWebhookId,
      recorded_at: conflict.recordedAt.toISOString(),
      resolved_position: conflict.resolvedPosition,
    })),
    jobs: jobs.map(jobJson),
    jobs_dropped_at: jobsDroppedAt?.toISOString() ?? null,
  };
}

function jobJson(job: StoryJob): Record<string, unknown> {
  return {
    position: job.position,
    queue: job.queue,
    replay_id: job.replayId,
    generation: job.generation,
    event_id: job.eventId,
    event_type: job.eventType,
    published: job.published,
    outcome: job.outcome,
    ended_at: job.endedAt?.toISOString() ?? null,
    dead_letter: job.deadLetter,
    attempts: job.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      outcome: attempt.outcome,
      detail: attempt.detail,
      transport: attempt.transport,
      started_at: attempt.startedAt.toISOString(),
      duration_ms: attempt.durationMs,
    })),
  };
}

function figureJson(figure: StoryFigure): Record<string, unknown> {
  return {
    figure: figure.figure,
    day: figure.day,
    tenant_id: figure.tenantId,
    provider: figure.provider,
    mode: figure.mode,
    meter: figure.meter,
    unit: figure.unit,
    ...(figure.currency === null
      ? { quantity: figure.value }
      : { amount: { amount: figure.value, currency: figure.currency } }),
    links: { figure: figureLink(figure) },
  };
}
