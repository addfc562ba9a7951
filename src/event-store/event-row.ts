import { streamKey } from '../domain/stream.ts';
import type { NewEvent, RecordedEvent, RecordedFact } from '../domain/envelope.ts';
import { catalogue, isEventType, UnreadableEventError } from '../domain/events.ts';
import { FACT_KINDS } from '../domain/facts.ts';
import { routes } from '../domain/queues.ts';
import { BOOKS, MODES, STREAM_KINDS } from '../domain/stream.ts';

/** One element of the JSON that the append functions take: the columns of type hookledger.new_event. */
export function newEventRow(item: NewEvent, webhook?: number): Record<string, unknown> {
  const { event } = item;
  const { stream, fact } = event;
  return {
    webhook,
    event_id: item.eventId,
    type: event.type,
    schema_version: catalogue[event.type].version,
    stream_key: streamKey(stream),
    stream_kind: stream.kind,
    provider: stream.provider,
    account: stream.account,
    external_id: stream.externalId,
    tenant_id: item.tenantId,
    mode: stream.mode,
    books: item.books,
    source_id: item.sourceId,
    webhook_id: item.webhookId,
    causation_id: item.causationId,
    correlation_id: item.correlationId,
    occurred_at: event.occurredAt,
    fact_key: fact?.key,
    fact_kind: fact?.kind,
    fact_rank: fact?.rank,
    provider_time: fact?.providerTime,
    meter: fact?.meter,
    unit: fact?.unit,
    quantity: fact?.quantity,
    amount: fact?.amount,
    currency: fact?.currency,
    data: event.data,
    personal: event.personal,
    queues: routes[event.type].queues,
  };
}

/** A row of hookledger.events as pg returns it: bigint and numeric are strings. */
export type EventRow = Readonly<{
  position: string;
  event_id: string;
  type: string;
  schema_version: number;
  stream_key: string;
  stream_kind: string;
  version: string;
  tenant_id: string;
  provider: string | null;
  account: string | null;
  external_id: string;
  mode: string;
  books: string;
  source_id: string | null;
  webhook_id: string | null;
  causation_id: string | null;
  correlation_id: string;
  occurred_at: Date;
  recorded_at: Date;
  fact_key: string | null;
  fact_kind: string | null;
  fact_rank: number | null;
  provider_time: Date | null;
  meter: string | null;
  unit: string | null;
  quantity: string | null;
  amount: string | null;
  currency: string | null;
  data: unknown;
}>;

export const EVENT_COLUMNS = `e.position, e.event_id, e.type, e.schema_version, e.stream_key, e.stream_kind, e.version,
  e.tenant_id, e.provider, e.account, e.external_id, e.mode, e.books, e.source_id, e.webhook_id, e.causation_id,
  e.correlation_id, e.occurred_at, e.recorded_at, e.fact_key, e.fact_kind, e.fact_rank, e.provider_time, e.meter,
  e.unit, e.quantity, e.amount, e.currency, e.data`;

/** @throws UnreadableEventError when a newer process wrote a type or word that this one does not know. */
export function recordedEvent(row: EventRow): RecordedEvent {
  if (!isEventType(row.type)) {
    throw new UnreadableEventError(`Event ${row.event_id} at ${row.position} has the unknown type ${row.type}.`);
  }
  const fact = recordedFact(row);
  return {
    position: BigInt(row.position),
    eventId: row.event_id,
    type: row.type,
    schemaVersion: row.schema_version,
    streamKey: row.stream_key,
    streamKind: oneOf(STREAM_KINDS, row.stream_kind, row),
    version: BigInt(row.version),
    tenantId: row.tenant_id,
    ...(row.provider === null ? {} : { provider: row.provider }),
    ...(row.account === null ? {} : { account: row.account }),
    externalId: row.external_id,
    mode: oneOf(MODES, row.mode, row),
    books: oneOf(BOOKS, row.books, row),
    ...(row.source_id === null ? {} : { sourceId: row.source_id }),
    ...(row.webhook_id === null ? {} : { webhookId: row.webhook_id }),
    ...(row.causation_id === null ? {} : { causationId: row.causation_id }),
    correlationId: row.correlation_id,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
    ...(fact === undefined ? {} : { fact }),
    data: row.data,
  };
}

function recordedFact(row: EventRow): RecordedFact | undefined {
  if (row.fact_key === null || row.fact_kind === null || row.provider_time === null) return undefined;
  return {
    key: row.fact_key,
    kind: oneOf(FACT_KINDS, row.fact_kind, row),
    rank: row.fact_rank ?? 0,
    providerTime: row.provider_time,
    meter: row.meter ?? '',
    unit: row.unit ?? '',
    ...(row.quantity === null ? {} : { quantity: row.quantity }),
    ...(row.amount === null ? {} : { amount: row.amount }),
    ...(row.currency === null ? {} : { currency: row.currency }),
  };
}

function oneOf<T extends string>(words: readonly T[], word: string, row: EventRow): T {
  const known = words.find((candidate) => candidate === word);
  if (known === undefined) {
    throw new UnreadableEventError(`Event ${row.event_id} at ${row.position} uses the unknown word ${word}.`);
  }
  return known;
}
