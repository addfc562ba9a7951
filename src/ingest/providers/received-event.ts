import { createHash } from 'node:crypto';
import type { DomainEvent, EventData } from '../../domain/events.ts';
import type { Stream } from '../../domain/stream.ts';
import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Normalised } from '../provider.ts';

type Received = EventData<'ProviderEventReceived'>;

/** What stands in the log for a webhook that no projection needs, or that could not be mapped. */
export function receivedEvent(
  stream: Stream,
  occurredAt: string,
  data: Received,
): DomainEvent<'ProviderEventReceived'> {
  return { type: 'ProviderEventReceived', stream, occurredAt, data };
}

/** The stream of something at the provider that is no thing of ours. */
export function providerObjectStream(source: Source, externalId: string): Stream {
  const { provider, account, mode } = source;
  return { kind: 'provider-object', provider, account, mode, externalId };
}

/** Names a body that tells no id. */
export function bodyHash(request: IncomingRequest): string {
  return createHash('sha256').update(request.body).digest('hex');
}

/** A body from which not even a type can be read; only its content tells duplicates. */
export function unreadable(
  request: IncomingRequest,
  source: Source,
  reason: 'unreadable' | 'odd-shape',
  detail: string,
): Normalised {
  const stream = providerObjectStream(source, bodyHash(request));
  const data = { providerType: 'unreadable', reason };
  return {
    providerType: 'unreadable',
    content: request.body,
    accountIds: [],
    status: 'unmapped',
    detail,
    events: [receivedEvent(stream, request.receivedAt.toISOString(), data)],
  };
}
