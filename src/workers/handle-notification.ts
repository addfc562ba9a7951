import { readEventData } from '../domain/events.ts';
import type { Handler } from './handler.ts';
import { UnrecoverableJobError } from './retry-policy.ts';

/** `notifications`: puts it into the tenant's in-app inbox. Other channels come with the adapters. */
export const handleNotification: Handler = (event) => {
  if (event.type !== 'NotificationRequested') {
    throw new UnrecoverableJobError(`${event.type} ${event.eventId} is no notification; see the routing table.`);
  }
  const { task, effectKey, details } = readEventData('NotificationRequested', event.schemaVersion, event.data);
  return Promise.resolve({
    kind: 'done',
    effects: [
      {
        kind: 'notification',
        dedupeKey: effectKey,
        notification: task,
        subject: details['subject'] ?? event.externalId,
        data: details,
      },
    ],
  });
};
