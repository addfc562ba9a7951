import type { RequestHandler } from 'express';
import { z } from 'zod';
import { readCalls, readCallTotals } from '../../finance/calls.ts';
import type { CallKey } from '../../finance/calls.ts';
import { readPending } from '../../finance/pending.ts';
import type { Model, Models } from '../../finance/read-models.ts';
import { versionsOf } from '../../finance/read-models.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { callJson } from './call-json.ts';
import { decodeCursor, encodeCursor } from '../../finance/cursor.ts';
import { envelope } from './envelope.ts';
import { openFigures } from '../../finance/open-figures.ts';
import { figureParameters, parseQuery } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';

const querySchema = z.strictObject(figureParameters);

const keySchema: z.ZodType<CallKey> = z.tuple([z.number().int().min(-8.64e15).max(8.64e15), z.string()]);

/** GET /v1/calls: each call once, with what every provider says that it used and cost, the latest first. */
export function callsRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('calls', keySchema, query.cursor);
    const reader = readerOf(response);
    const answer = await withReadTransaction(pool, reader, async (tx) => {
      const opened = await openFigures(tx, { query, window: 'none', cursor, clock, of: both });
      const { models, asOf, range, source, filter } = opened;
      const { usage, calls } = models;
      const wanted = { usage, calls, asOf, range, mode: query.mode, tenantIds: query.tenant_id };
      const rows = await readCalls(tx, { ...wanted, after: cursor?.key, limit: query.limit + 1 });
      const totals = await readCallTotals(tx, wanted);
      const page = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? page.at(-1) : undefined;
      return envelope({
        data: page.map((row) => callJson(row, { tz: query.tz, asOf })),
        totals: { calls: Number(totals.calls), cost: totals.cost, cost_estimated: totals.estimated },
        meta: {
          range,
          tz: query.tz,
          window: 'none',
          asOf,
          models: both(models),
          pending: await readPending(tx, { reader, source, filter }),
          links: {},
        },
        nextCursor:
          last &&
          encodeCursor('calls', {
            position: asOf.position,
            at: asOf.recordedAt,
            versions: versionsOf(models),
            key: last.key,
          }),
      });
    });
    response.json(answer);
  };
}

function both({ usage, calls }: Models): readonly [Model, ...Model[]] {
  return [usage, calls];
}
