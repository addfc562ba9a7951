import type { RequestHandler } from 'express';
import { z } from 'zod';
import { listConflicts } from '../../finance/conflicts.ts';
import type { ListedConflict } from '../../finance/conflicts.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { decodeCursor } from '../../finance/cursor.ts';
import { listPage } from './list-page.ts';
import { requirePlatform } from './platform-only.ts';
import { listOf, paging, parseQuery, text } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';

const querySchema = z.strictObject({
  state: z
    .enum(['open', 'all'], 'is open or all')
    .default('open')
    .describe('Those that nobody has resolved, or all of them.'),
  provider: listOf(text).optional(),
  ...paging,
});

const keySchema = z.string().regex(/^\d{1,18}$/);

/** GET /v1/conflicts: webhooks that came under a known key with another body, newest first. */
export function conflictsRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    requirePlatform(response);
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('conflicts', keySchema, query.cursor);
    const rows = await withReadTransaction(pool, {}, (tx) =>
      listConflicts(tx, {
        all: query.state === 'all',
        providers: query.provider,
        before: cursor?.key,
        limit: query.limit + 1,
      }),
    );
    response.json(
      listPage({
        route: 'conflicts',
        rows,
        limit: query.limit,
        now: clock.now(),
        rowJson,
        keyOf: ({ position }) => position,
      }),
    );
  };
}

function rowJson(row: ListedConflict): Record<string, unknown> {
  return {
    webhook_id: row.webhookId,
    first_webhook_id: row.firstWebhookId,
    provider: row.provider,
    account: row.account,
    mode: row.mode,
    type: row.providerType,
    provider_event_id: row.providerEventId,
    recorded_at: row.recordedAt.toISOString(),
    resolved_position: row.resolvedPosition,
    links: {
      webhook: `/v1/webhooks/${row.webhookId}`,
      first_webhook: `/v1/webhooks/${row.firstWebhookId}`,
      resolution:
        row.resolvedPosition === null
          ? null
          : `/v1/events?position_from=${row.resolvedPosition}&position_to=${row.resolvedPosition}`,
    },
  };
}
