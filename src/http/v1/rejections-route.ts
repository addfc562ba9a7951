import type { RequestHandler } from 'express';
import { z } from 'zod';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { listRejections } from '../../finance/rejections.ts';
import type { ListedRejection } from '../../finance/rejections.ts';
import { decodeCursor } from '../../finance/cursor.ts';
import { listPage } from './list-page.ts';
import { requirePlatform } from './platform-only.ts';
import { instant, listOf, paging, parseQuery, text } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';

const querySchema = z.strictObject({
  provider: listOf(text).optional(),
  source_id: listOf(text).optional(),
  cause: listOf(text).optional(),
  from: instant.optional(),
  to: instant.optional(),
  ...paging,
});

const keySchema = z.tuple([z.iso.datetime(), z.uuid()]);

/** GET /v1/rejections: requests that were refused and why, newest first, as far as the bounded record goes back. */
export function rejectionsRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    requirePlatform(response);
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('rejections', keySchema, query.cursor);
    const rows = await withReadTransaction(pool, {}, (tx) =>
      listRejections(tx, {
        providers: query.provider,
        sourceIds: query.source_id,
        causes: query.cause,
        from: query.from,
        to: query.to,
        before: cursor && { rejectedAt: new Date(cursor.key[0]), id: cursor.key[1] },
        limit: query.limit + 1,
      }),
    );
    response.json(
      listPage({
        route: 'rejections',
        rows,
        limit: query.limit,
        now: clock.now(),
        rowJson,
        keyOf: ({ rejectedAt, id }) => [rejectedAt.toISOString(), id],
      }),
    );
  };
}

function rowJson(row: ListedRejection): Record<string, unknown> {
  return {
    id: row.id,
    rejected_at: row.rejectedAt.toISOString(),
    provider: row.provider,
    source_id: row.sourceId,
    cause: row.cause,
    detail: row.detail,
    header_names: row.headerNames,
    body_sha256: row.bodyHash,
    body_bytes: row.bodyBytes,
  };
}
