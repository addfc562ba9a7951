import type { RecordedEvent } from '../domain/envelope.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { NextWork } from '../domain/queues.ts';
import { routes } from '../domain/queues.ts';
import type { Handler } from './handler.ts';

/** `ingress-events`: chooses the next work from the routing table and asks for it by an event of its own. */
export const handleIngress: Handler = (event) =>
  Promise.resolve({ kind: 'done', events: routes[event.type].next.map((next) => workRequest(event, next)) });

function workRequest(event: RecordedEvent, next: NextWork): DomainEvent {
  return {
    type: next.type,
    stream: {
      kind: event.streamKind,
      mode: event.mode,
      externalId: event.externalId,
      ...(event.provider === undefined ? {} : { provider: event.provider }),
      ...(event.account === undefined ? {} : { account: event.account }),
    },
    occurredAt: event.occurredAt.toISOString(),
    data: {
      task: next.task,
      causeEventId: event.eventId,
      causeType: event.type,
      // Two reports of one fact ask for one effect.
      effectKey: event.fact?.key ?? event.eventId,
      details: details(event),
    },
  };
}

function details({ fact, externalId }: RecordedEvent): Record<string, string> {
  return {
    subject: externalId,
    ...(fact?.amount === undefined ? {} : { amount: fact.amount }),
    ...(fact?.currency === undefined ? {} : { currency: fact.currency }),
  };
}
