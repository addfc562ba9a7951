import type { EventRow } from '../../event-store/event-row.ts';
import { streamEventsLink } from './event-links.ts';

/** An event as the API shows it: everything but `personal`. */
export function eventJson(event: EventRow): Record<string, unknown> {
  return {
    event_id: event.event_id,
    position: event.position,
    type: event.type,
    schema_version: event.schema_version,
    stream: { key: event.stream_key, kind: event.stream_kind, version: event.version },
    tenant_id: event.tenant_id,
    provider: event.provider,
    account: event.account,
    external_id: event.external_id,
    mode: event.mode,
    books: event.books,
    source_id: event.source_id,
    webhook_id: event.webhook_id,
    causation_id: event.causation_id,
    correlation_id: event.correlation_id,
    occurred_at: event.occurred_at.toISOString(),
    recorded_at: event.recorded_at.toISOString(),
    fact: factJson(event),
    data: event.data,
    links: {
      self: `/v1/events/${event.event_id}`,
      stream: streamEventsLink(event.stream_key),
      webhook: event.webhook_id === null ? null : `/v1/webhooks/${event.webhook_id}`,
      cause: event.causation_id === null ? null : `/v1/events/${event.causation_id}`,
      correlation: `/v1/events?correlation_id=${event.correlation_id}`,
    },
  };
}

function factJson(event: EventRow): Record<string, unknown> | null {
  if (event.fact_key === null) return null;
  return {
    key: event.fact_key,
    kind: event.fact_kind,
    rank: event.fact_rank,
    provider_time: event.provider_time?.toISOString() ?? null,
    meter: event.meter,
    unit: event.unit,
    quantity: event.quantity,
    amount: event.amount === null ? null : { amount: event.amount, currency: event.currency },
  };
}
