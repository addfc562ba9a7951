import type { RequestHandler } from 'express';
import { z } from 'zod';
import { FACT_KINDS } from '../../domain/facts.ts';
import { resolveAsOf } from '../../finance/as-of.ts';
import type { AsOf } from '../../finance/as-of.ts';
import { basisChoice } from '../../finance/basis.ts';
import { listEvents, listFigureEvents, readHighWaterMark } from '../../finance/events.ts';
import type { EventFilter, EventPageRequest } from '../../finance/events.ts';
import { EVENT_FIGURES } from '../../finance/figure-events.ts';
import type { EventFigure, FigureScope } from '../../finance/figure-events.ts';
import { ParameterError } from '../../finance/parameter-error.ts';
import { furthestBehind, readModels, versionsOf } from '../../finance/read-models.ts';
import type { Models } from '../../finance/read-models.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { COST_CATEGORIES, COST_STATUSES } from '../../finance/usage-source.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Tx } from '../../platform/postgres.ts';
import { decodeCursor, encodeCursor } from '../../finance/cursor.ts';
import type { Cursor } from '../../finance/cursor.ts';
import { eventJson } from './event-json.ts';
import {
  asOf,
  currency,
  instant,
  listOf,
  mode,
  paging,
  parseQuery,
  position,
  text,
  uuid,
} from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';

const querySchema = z.strictObject({
  figure: z
    .enum(EVENT_FIGURES, `is one of ${EVENT_FIGURES.join(', ')}`)
    .optional()
    .describe('Exactly the events behind a figure; the other filters are then those of the figure.'),
  tenant_id: listOf(text).optional(),
  type: listOf(text).optional(),
  stream: text.optional().describe('The key of one stream.'),
  kind: listOf(z.enum(FACT_KINDS, `is one of ${FACT_KINDS.join(', ')}`))
    .optional()
    .describe('Of the fact reported.'),
  meter: listOf(text).optional(),
  unit: text.optional(),
  provider: listOf(text).optional(),
  currency: currency.optional(),
  cost_status: z.enum(COST_STATUSES, `is one of ${COST_STATUSES.join(', ')}`).optional(),
  category: listOf(z.enum(COST_CATEGORIES, `is one of ${COST_CATEGORIES.join(', ')}`)).optional(),
  mode: mode.optional(),
  basis: basisChoice.optional().describe('Of a figure: by which time it counts.'),
  occurred_from: instant.optional(),
  occurred_to: instant.optional(),
  position_from: position.optional(),
  position_to: position.optional(),
  webhook_id: uuid.optional(),
  correlation_id: uuid.optional(),
  as_of: asOf.optional(),
  sort: z.enum(['position', '-position'], 'is position or -position').default('-position'),
  ...paging,
});
type Query = z.output<typeof querySchema>;

const keySchema = z.string().regex(/^\d{1,18}$/);

/** GET /v1/events: the log, newest first, by its own columns or as what is behind a figure. */
export function eventsRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('events', keySchema, query.cursor);
    const page: EventPageRequest = {
      order: query.sort === 'position' ? 'oldest-first' : 'newest-first',
      after: cursor?.key,
      limit: query.limit + 1,
    };
    const answer = await withReadTransaction(pool, readerOf(response), async (tx) => {
      const models = await readModels(tx, cursor?.versions);
      const upTo = query.figure === undefined ? await readHighWaterMark(tx) : foldedBy(models, query.figure);
      const at = await resolve(tx, query, cursor, upTo, clock);
      const rows =
        query.figure === undefined
          ? await listEvents(tx, eventFilter(query, at), page)
          : await listFigureEvents(tx, models, figureScope(query, query.figure, at), page);
      const shown = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? shown.at(-1) : undefined;
      return {
        data: shown.map(eventJson),
        meta: { as_of: { recorded_at: at.recordedAt.toISOString(), position: String(at.position) } },
        page: {
          next_cursor:
            last === undefined
              ? null
              : encodeCursor('events', {
                  position: at.position,
                  at: at.recordedAt,
                  versions: versionsOf(models),
                  key: last.position,
                }),
        },
      };
    });
    response.json(answer);
  };
}

function foldedBy({ usage, payments, invoices }: Models, figure: EventFigure): bigint {
  switch (figure) {
    case 'usage':
    case 'cost':
    case 'rated':
    case 'fees':
      return usage.position;
    case 'billed':
      return invoices.position;
    case 'collected':
      return payments.position;
    case 'summary':
      return furthestBehind([usage, payments, invoices]).position;
  }
}

async function resolve(
  tx: Tx,
  query: Query,
  cursor: Cursor<string> | undefined,
  upTo: bigint,
  clock: Clock,
): Promise<AsOf> {
  const request =
    cursor === undefined
      ? (query.as_of ?? ({ kind: 'now' } as const))
      : ({ kind: 'page', position: cursor.position, at: cursor.at } as const);
  return resolveAsOf(tx, request, { modelPosition: upTo, now: clock.now() });
}

function eventFilter(query: Query, at: AsOf): EventFilter {
  if (query.unit !== undefined) throw new ParameterError('unit', 'goes only with figure.');
  if (query.basis !== undefined) throw new ParameterError('basis', 'goes only with figure.');
  if (query.cost_status !== undefined) throw new ParameterError('cost_status', 'goes only with figure.');
  if (query.category !== undefined) throw new ParameterError('category', 'goes only with figure.');
  return {
    upTo: at.position,
    tenantIds: query.tenant_id,
    types: query.type,
    streamKey: query.stream,
    factKinds: query.kind,
    meters: query.meter,
    providers: query.provider,
    currency: query.currency,
    mode: query.mode,
    webhookId: query.webhook_id,
    correlationId: query.correlation_id,
    occurredFrom: query.occurred_from,
    occurredTo: query.occurred_to,
    positionFrom: query.position_from,
    positionTo: query.position_to,
  };
}

const NOT_OF_FIGURES = ['type', 'stream', 'kind', 'position_to', 'webhook_id', 'correlation_id'] as const;

function figureScope(query: Query, figure: EventFigure, at: AsOf): FigureScope {
  const misplaced = NOT_OF_FIGURES.find((name) => query[name] !== undefined);
  if (misplaced !== undefined) throw new ParameterError(misplaced, 'does not go with figure.');
  if (query.occurred_from === undefined) throw new ParameterError('occurred_from', 'is missing; a figure has a range.');
  if (query.occurred_to === undefined) throw new ParameterError('occurred_to', 'is missing; a figure has a range.');
  return {
    figure,
    mode: query.mode ?? 'live',
    basis: query.basis,
    range: { from: query.occurred_from, to: query.occurred_to },
    asOf: at,
    tenantIds: query.tenant_id,
    providers: query.provider,
    meters: query.meter,
    currency: query.currency,
    unit: query.unit,
    positionFrom: query.position_from,
    costStatus: query.cost_status,
    categories: query.category,
  };
}
