import type { RequestHandler } from 'express';
import { z } from 'zod';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { listWebhooks, WEBHOOK_STATUSES } from '../../finance/webhooks.ts';
import type { WebhookRow } from '../../finance/webhooks.ts';
import { decodeCursor } from '../../finance/cursor.ts';
import { listPage } from './list-page.ts';
import { instant, listOf, paging, parseQuery, text } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';

const querySchema = z.strictObject({
  status: listOf(z.enum(WEBHOOK_STATUSES, `is one of ${WEBHOOK_STATUSES.join(', ')}`)).optional(),
  provider: listOf(text).optional(),
  type: listOf(text).optional().describe("The provider's own name of it."),
  tenant_id: listOf(text).optional(),
  from: instant.optional().describe('When it was received; half open.'),
  to: instant.optional(),
  ...paging,
});

const keySchema = z.string().regex(/^\d{1,18}$/);

/** GET /v1/webhooks: what came in, newest first. */
export function webhooksListRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('webhooks', keySchema, query.cursor);
    const rows = await withReadTransaction(pool, readerOf(response), (tx) =>
      listWebhooks(tx, {
        statuses: query.status,
        providers: query.provider,
        types: query.type,
        tenantIds: query.tenant_id,
        receivedFrom: query.from,
        receivedTo: query.to,
        before: cursor?.key,
        limit: query.limit + 1,
      }),
    );
    response.json(
      listPage({
        route: 'webhooks',
        rows,
        limit: query.limit,
        now: clock.now(),
        rowJson,
        keyOf: ({ position }) => position,
      }),
    );
  };
}

function rowJson(row: WebhookRow): Record<string, unknown> {
  return {
    id: row.id,
    position: row.position,
    provider: row.provider,
    account: row.account,
    mode: row.mode,
    source_id: row.sourceId,
    type: row.providerType,
    provider_event_id: row.providerEventId,
    status: row.status,
    detail: row.detail,
    tenant_id: row.tenantId,
    received_at: row.receivedAt.toISOString(),
    recorded_at: row.recordedAt.toISOString(),
    links: { webhook: `/v1/webhooks/${row.id}` },
  };
}
