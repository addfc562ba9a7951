import type { RecordedEvent } from '../domain/envelope.ts';
import type { DomainEvent, EventType } from '../domain/events.ts';
import { readEventData } from '../domain/events.ts';
import type { Books, Mode, Stream, StreamKind } from '../domain/stream.ts';
import { streamKey } from '../domain/stream.ts';
import type { EventRow } from '../event-store/event-row.ts';
import { EVENT_COLUMNS, recordedEvent } from '../event-store/event-row.ts';
import type { Tx } from '../platform/postgres.ts';
import type { Report } from './chosen-events.ts';
import type { IncomingRequest } from './provider.ts';

export type Conflict = Readonly<{ webhookId: string; firstWebhookId: string; resolvedPosition: string | null }>;

/** Locks the conflict against being resolved twice. */
export async function lockConflict(tx: Tx, webhookId: string): Promise<Conflict | undefined> {
  const { rows } = await tx.query<Conflict>(
    `select webhook_id as "webhookId", first_webhook_id as "firstWebhookId", resolved_position as "resolvedPosition"
     from hookledger.conflicts where webhook_id = $1::uuid for update`,
    [webhookId],
  );
  return rows[0];
}

export type KeptWebhook = Readonly<{
  id: string;
  sourceId: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  tenantId: string;
  /** As it came in, but for the headers that nobody needs to verify it again. */
  request: IncomingRequest;
}>;

export async function readKeptWebhook(tx: Tx, id: string): Promise<KeptWebhook | undefined> {
  const { rows } = await tx.query<Omit<KeptWebhook, 'request'> & IncomingRequest>(
    `select id, source_id as "sourceId", provider, account, mode, books, tenant_id as "tenantId", method, url, headers,
       body, received_at as "receivedAt"
     from hookledger.webhooks where id = $1::uuid`,
    [id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { method, url, headers, body, receivedAt, ...webhook } = row;
  return { ...webhook, request: { method, url, headers, body, receivedAt } };
}

/** What was reported under this key so far: by the first webhook, and by others that were chosen over it since. */
export async function readStandingEvents(tx: Tx, firstWebhookId: string): Promise<readonly Report[]> {
  const { rows } = await tx.query<EventRow>(
    `select ${EVENT_COLUMNS}
     from hookledger.events e
     where e.webhook_id in (
         select $1::uuid union select c.webhook_id from hookledger.conflicts c where c.first_webhook_id = $1::uuid)
       and e.type not in ('ConflictResolved', 'StreamTenantMoved')
     order by e.position`,
    [firstWebhookId],
  );
  return rows.map((row) => ({ tenantId: row.tenant_id, event: domainEvent(row) }));
}

/** The highest rank that any report of these facts has in the log, by fact key. */
export async function readHighestRanks(tx: Tx, reports: readonly Report[]): Promise<ReadonlyMap<string, number>> {
  const facts = reports.flatMap(({ event: { fact, stream } }) =>
    fact === undefined ? [] : [{ key: fact.key, stream: streamKey(stream) }],
  );
  const { rows } = await tx.query<{ key: string; rank: number }>(
    `select e.fact_key as key, max(e.fact_rank) as rank
     from hookledger.events e
     where e.stream_key = any ($1::text[]) and e.fact_key = any ($2::text[])
     group by e.fact_key`,
    [facts.map(({ stream }) => stream), facts.map(({ key }) => key)],
  );
  return new Map(rows.map(({ key, rank }) => [key, rank]));
}

/** A thing of ours has no provider and no account. */
export function streamOf(thing: {
  kind: StreamKind;
  provider?: string | undefined;
  account?: string | undefined;
  mode: Mode;
  externalId: string;
}): Stream {
  const { kind, provider, account, mode, externalId } = thing;
  return {
    kind,
    mode,
    externalId,
    ...(provider === undefined ? {} : { provider }),
    ...(account === undefined ? {} : { account }),
  };
}

function domainEvent(row: EventRow): DomainEvent {
  const event = recordedEvent(row);
  return toDomainEvent(event.type, event);
}

function toDomainEvent<T extends EventType>(type: T, event: RecordedEvent): DomainEvent<T> {
  const { fact, occurredAt } = event;
  return {
    type,
    stream: streamOf({ ...event, kind: event.streamKind }),
    occurredAt: occurredAt.toISOString(),
    data: readEventData(type, event.schemaVersion, event.data),
    ...(fact === undefined ? {} : { fact: { ...fact, providerTime: fact.providerTime.toISOString() } }),
  };
}
