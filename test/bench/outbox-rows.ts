import { randomUUID } from 'node:crypto';
import { messageKey } from '../../src/transports/message-key.ts';
import type { Message } from '../../src/transports/transport.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import type { Queue } from '../../src/domain/queues.ts';

const occurredAt = '2026-11-02T09:00:00.000Z';

/** One event for each of the five queues in turn, each with one outbox row. */
export function eventFor(index: number): DomainEvent {
  const stream = {
    kind: 'call' as const,
    provider: 'retell',
    account: 'org_1',
    mode: 'test' as const,
    externalId: `call_${index}`,
  };
  const request = { task: 'bench', causeEventId: 'cause', causeType: 'CallEnded', effectKey: 'key', details: {} };
  switch (queueOf(index)) {
    case 'ingress-events':
      return { type: 'CallStarted', stream, occurredAt, data: {} };
    case 'orchestration-flows':
      return { type: 'FlowRequested', stream, occurredAt, data: request };
    case 'integration-tasks':
      return { type: 'IntegrationRequested', stream, occurredAt, data: request };
    case 'notifications':
      return { type: 'NotificationRequested', stream, occurredAt, data: request };
    case 'analytics-events':
      return {
        type: 'PricePlanDefined',
        stream: { kind: 'price-plan', mode: 'live', externalId: `plan_${index}` },
        occurredAt,
        data: { planId: 'p', name: 'p', currency: 'USD', components: [{ kind: 'flat', amount: '1' }] },
      };
  }
}

function queueOf(index: number): Queue {
  return QUEUES[index % QUEUES.length] ?? 'notifications';
}

/** What the relay makes of an outbox row. */
export function messageFor(index: number, tenantId: string, queue: Queue = queueOf(index)): Message {
  const job = { eventId: randomUUID(), queue, replayId: 'live', generation: 0 };
  return { ...job, key: messageKey(job), tenantId, eventType: 'CallStarted', position: String(index) };
}

/** As the transport adds it to BullMQ. */
export function jobFor(message: Message) {
  const opts = { jobId: message.key, attempts: 1_000_000_000, backoff: { type: 'disposition' } };
  return { name: message.eventType, data: message, opts };
}
