import type { RequestHandler } from 'express';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import type { Sight } from '../../finance/webhook-story.ts';
import { readWebhookStory } from '../../finance/webhook-story.ts';
import type { Principal } from '../../tenants/principal.ts';
import { principalOf } from '../auth.ts';
import { ProblemError } from '../problem.ts';
import { text } from './query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { mayReadRaw, readerOf } from './route-deps.ts';
import { storyJson } from './story-json.ts';

/** GET /v1/webhooks/:id, by our id or the provider's: from the request to the figures. */
export function webhookRoute({ pool }: RouteDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params;
    const story = !text.safeParse(id).success
      ? undefined
      : await withReadTransaction(pool, readerOf(response), (tx) =>
          readWebhookStory(tx, id, sightOf(principalOf(response), mayReadRaw(response))),
        );
    if (story === undefined) throw new ProblemError('not_found', `No webhook has the id ${id}.`);
    response.json({ data: storyJson(story) });
  };
}

function sightOf({ tenantId }: Principal, isRaw: boolean): Sight {
  if (tenantId !== undefined) return 'tenant';
  return isRaw ? 'raw' : 'operations';
}
