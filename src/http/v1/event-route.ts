import type { RequestHandler } from 'express';
import { readEvent } from '../../finance/events.ts';
import { readModels } from '../../finance/read-models.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { sightOf } from '../../finance/sight.ts';
import { listLines } from '../../finance/story-lines.ts';
import { principalOf } from '../auth.ts';
import { ProblemError } from '../problem.ts';
import { eventJson } from './event-json.ts';
import { linesJson } from './line-json.ts';
import { uuid } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';

/** GET /v1/events/:id: one event, the lines that it caused, and what is personal for whoever may see that. */
export function eventRoute({ pool }: RouteDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params;
    const isRaw = sightOf(principalOf(response)) === 'raw';
    const found = !uuid.safeParse(id).success
      ? undefined
      : await withReadTransaction(pool, readerOf(response), async (tx) => {
          const event = await readEvent(tx, id, { withPersonal: isRaw });
          return event && { event, lines: await listLines(tx, await readModels(tx), [event]) };
        });
    if (found === undefined) throw new ProblemError('not_found', `No event has the id ${id}.`);
    const { event, lines } = found;
    response.json({
      data: {
        ...eventJson(event),
        ...(isRaw ? { personal: event.personal ?? null } : {}),
        lines: linesJson(lines),
      },
    });
  };
}
