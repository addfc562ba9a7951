import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../../src/domain/envelope.ts';
import { UNASSIGNED } from '../../src/domain/envelope.ts';
import type { DomainEvent } from '../../src/domain/events.ts';

/** An event ready to be appended: a started call unless told otherwise. */
export function newEvent(
  options: { call?: string; tenantId?: string; event?: DomainEvent; webhookId?: string } = {},
): NewEvent {
  const event: DomainEvent = options.event ?? {
    type: 'CallStarted',
    stream: { kind: 'call', provider: 'retell', account: 'org_1', mode: 'test', externalId: options.call ?? 'call_1' },
    occurredAt: '2026-11-02T09:00:00.000Z',
    data: {},
  };
  return {
    eventId: randomUUID(),
    event,
    tenantId: options.tenantId ?? UNASSIGNED,
    books: 'platform',
    correlationId: options.webhookId ?? randomUUID(),
    ...(options.webhookId === undefined ? {} : { webhookId: options.webhookId }),
  };
}
