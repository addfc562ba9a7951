import type { RequestHandler } from 'express';
import { z } from 'zod';
import { COST_GROUPS, readCosts, readCostTotals } from '../../finance/costs.ts';
import type { CostKey, CostRow } from '../../finance/costs.ts';
import { readPending } from '../../finance/pending.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { WINDOWS } from '../../finance/time-range.ts';
import { COST_STATUSES } from '../../finance/usage-source.ts';
import type { FigureFilter } from '../../finance/usage-source.ts';
import { decodeCursor, encodeCursor } from '../../finance/cursor.ts';
import { envelope } from './envelope.ts';
import { figureEventsLink } from './event-links.ts';
import type { OpenedFigures } from '../../finance/open-figures.ts';
import { openFigures, windowAt } from '../../finance/open-figures.ts';
import { currency, figureParameters, groupsOf, listOf, parseQuery, text } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';
import { zonedTime } from '../../finance/zoned-time.ts';

const costStatus = z.enum(COST_STATUSES, `is one of ${COST_STATUSES.join(', ')}`);

const querySchema = z.strictObject({
  ...figureParameters,
  window: z.enum(WINDOWS, `is one of ${WINDOWS.join(', ')}`).default('day'),
  provider: listOf(text).optional(),
  component: listOf(text).optional().describe('What the provider charges for, such as llm or tts.'),
  currency: currency.optional(),
  cost_status: costStatus.optional().describe('Final by the provider, or estimated by a cost rate; both without it.'),
  group_by: groupsOf(COST_GROUPS),
});
type Query = z.output<typeof querySchema>;

const keySchema: z.ZodType<CostKey> = z.tuple([
  z.number().int(),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
  z.enum(COST_STATUSES),
]);

/** GET /v1/costs: what providers charge us, by window, tenant, provider, component, currency and status. */
export function costsRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('costs', keySchema, query.cursor);
    const reader = readerOf(response);
    const answer = await withReadTransaction(pool, reader, async (tx) => {
      const opened = await openFigures(tx, { query, window: query.window, cursor, clock, of: ({ usage }) => [usage] });
      const { source, asOf, models, range, windowStarts } = opened;
      const filter: FigureFilter = {
        ...opened.filter,
        providers: query.provider,
        meters: query.component,
        currency: query.currency,
        costStatus: query.cost_status,
      };
      const rows = await readCosts(tx, {
        source,
        filter,
        windowStarts,
        groupBy: query.group_by,
        after: cursor?.key,
        limit: query.limit + 1,
      });
      const totals = await readCostTotals(tx, { source, filter });
      const page = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? page.at(-1) : undefined;
      return envelope({
        data: page.map((row) => rowJson(row, query, filter, opened)),
        totals: { cost: totals.cost, estimated: totals.estimated },
        meta: {
          range,
          tz: query.tz,
          window: query.window,
          asOf,
          models: [models.usage],
          pending: await readPending(tx, { reader, source, filter }),
          links: { events: figureEventsLink({ figure: 'cost', filter }) },
        },
        nextCursor: last && encodeCursor('costs', { position: asOf.position, at: asOf.recordedAt, key: last.key }),
      });
    });
    response.json(answer);
  };
}

function rowJson(row: CostRow, query: Query, filter: FigureFilter, opened: OpenedFigures): Record<string, unknown> {
  const [index, tenantId, provider, component, unit, code, status] = row.key;
  const range = windowAt(opened, index);
  const groups = {
    tenant_id: query.group_by.includes('tenant_id') ? tenantId : null,
    provider: query.group_by.includes('provider') ? provider : null,
    component: query.group_by.includes('component') ? component : null,
  };
  return {
    window_start: zonedTime(range.from, query.tz),
    window_end: zonedTime(range.to, query.tz),
    ...groups,
    unit,
    quantity: row.quantity,
    cost: { amount: row.cost, currency: code },
    cost_status: status,
    event_count: Number(row.facts),
    line_count: Number(row.lines),
    links: {
      events: figureEventsLink({
        figure: 'cost',
        unit,
        filter: {
          ...filter,
          range,
          currency: code,
          costStatus: status,
          tenantIds: groups.tenant_id === null ? filter.tenantIds : [groups.tenant_id],
          providers: groups.provider === null ? filter.providers : [groups.provider],
          meters: groups.component === null ? filter.meters : [groups.component],
        },
      }),
    },
  };
}
