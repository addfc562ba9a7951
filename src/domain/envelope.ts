import type { DomainEvent, EventType } from './events.ts';
import type { FactKind } from './facts.ts';
import type { Books, Mode, StreamKind } from './stream.ts';

/** The pseudo-tenant of things that no mapping knows yet. Their cost is counted and shown there. */
export const UNASSIGNED = 'unassigned';

/** What surrounds a domain event when it is appended. */
export type NewEvent = Readonly<{
  eventId: string;
  event: DomainEvent;
  /** Of a new stream; a stream that exists keeps its own. */
  tenantId: string;
  books: Books;
  sourceId?: string;
  webhookId?: string;
  causationId?: string;
  /** One for everything that a webhook or command led to. */
  correlationId: string;
}>;

/** A row of the log as folds and handlers read it. Decimals and positions keep their exact types. */
export type RecordedEvent = Readonly<{
  position: bigint;
  eventId: string;
  type: EventType;
  schemaVersion: number;
  streamKey: string;
  streamKind: StreamKind;
  version: bigint;
  tenantId: string;
  provider?: string;
  account?: string;
  externalId: string;
  mode: Mode;
  books: Books;
  sourceId?: string;
  webhookId?: string;
  causationId?: string;
  correlationId: string;
  occurredAt: Date;
  recordedAt: Date;
  fact?: RecordedFact;
  data: unknown;
}>;

export type RecordedFact = Readonly<{
  key: string;
  kind: FactKind;
  rank: number;
  providerTime: Date;
  meter: string;
  unit: string;
  quantity?: string;
  amount?: string;
  currency?: string;
}>;
