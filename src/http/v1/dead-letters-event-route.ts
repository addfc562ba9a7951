import type { RequestHandler } from 'express';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { readDeadLetters } from '../../workers/dead-letters/read-dead-letters.ts';
import { ProblemError } from '../problem.ts';
import { letterJson } from './dead-letters-json.ts';
import { requirePlatform } from './platform-only.ts';
import { uuid } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';

/** GET /v1/dead-letters/:eventId: why the jobs about one event died, try by try. */
export function deadLettersEventRoute({ pool }: RouteDeps): RequestHandler<{ eventId: string }> {
  return async (request, response) => {
    requirePlatform(response);
    const { eventId } = request.params;
    const story = !uuid.safeParse(eventId).success
      ? undefined
      : await withReadTransaction(pool, {}, (tx) => readDeadLetters(tx, eventId));
    if (story === undefined) throw new ProblemError('not_found', `No job about an event ${eventId} has died.`);
    response.json({
      data: {
        event_id: eventId,
        webhook_id: story.webhookId,
        letters: story.letters.map(({ tries, ...letter }) => ({
          ...letterJson(letter),
          tries: tries.map((attempt) => ({
            attempt: attempt.attempt,
            outcome: attempt.outcome,
            detail: attempt.detail,
            transport: attempt.transport,
            started_at: attempt.startedAt.toISOString(),
            duration_ms: attempt.durationMs,
          })),
        })),
        links: {
          event: `/v1/events/${eventId}`,
          webhook: story.webhookId === null ? null : `/v1/webhooks/${story.webhookId}`,
        },
      },
    });
  };
}
