import type { RequestHandler } from 'express';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { sightOf } from '../../finance/sight.ts';
import { readWebhookStory } from '../../finance/webhook-story.ts';
import { principalOf } from '../auth.ts';
import { ProblemError } from '../problem.ts';
import { text } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';
import { storyJson } from './story-json.ts';

/** GET /v1/webhooks/:id, by our id or the provider's: from the request to the figures. */
export function webhookRoute({ pool }: RouteDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params;
    const story = !text.safeParse(id).success
      ? undefined
      : await withReadTransaction(pool, readerOf(response), (tx) =>
          readWebhookStory(tx, id, sightOf(principalOf(response))),
        );
    if (story === undefined) throw new ProblemError('not_found', `No webhook has the id ${id}.`);
    response.json({ data: storyJson(story) });
  };
}
