import type { RequestHandler } from 'express';
import { z } from 'zod';
import { AGGREGATIONS, isAdditive } from '../../domain/meters.ts';
import { basisParameter } from '../../finance/basis.ts';
import { ParameterError } from '../../finance/parameter-error.ts';
import { readPending } from '../../finance/pending.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { WINDOWS } from '../../finance/time-range.ts';
import { readUsage, readUsageTotals, USAGE_GROUPS } from '../../finance/usage.ts';
import type { UsageKey } from '../../finance/usage.ts';
import { readUsageAllocation } from '../../finance/usage-allocation.ts';
import type { UsageAllocation } from '../../finance/usage-allocation.ts';
import { aggregatedFilter, readUsageAggregateQuantities, readUsageAggregates } from '../../finance/usage-aggregates.ts';
import type { UsageAggregateRow } from '../../finance/usage-aggregates.ts';
import { chooseUsageSource } from '../../finance/usage-source.ts';
import type { FigureFilter } from '../../finance/usage-source.ts';
import type { Tx } from '../../platform/postgres.ts';
import type { Cursor } from '../../finance/cursor.ts';
import { versionsOf } from '../../finance/read-models.ts';
import { decodeCursor, encodeCursor } from '../../finance/cursor.ts';
import { envelope } from './envelope.ts';
import { figureEventsLink } from './event-links.ts';
import type { OpenedFigures } from '../../finance/open-figures.ts';
import { openFigures, windowAt } from '../../finance/open-figures.ts';
import { figureParameters, groupsOf, listOf, parseQuery, text } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';
import { zonedTime } from '../../finance/zoned-time.ts';

const querySchema = z.strictObject({
  ...figureParameters,
  window: z.enum(WINDOWS, `is one of ${WINDOWS.join(', ')}`).default('day'),
  aggregation: z
    .enum(AGGREGATIONS, `is one of ${AGGREGATIONS.join(', ')}`)
    .default('sum')
    .describe('What the quantity of a window is made of; only sum and count add up.'),
  provider: listOf(text).optional(),
  meter: listOf(text).optional(),
  basis: basisParameter,
  group_by: groupsOf(USAGE_GROUPS),
});
type Query = z.output<typeof querySchema>;

const keySchema: z.ZodType<UsageKey> = z.tuple([z.number().int(), z.string(), z.string(), z.string(), z.string()]);

/**
 * GET /v1/usage: quantities by window, tenant, provider and meter, aggregated as domain/meters.ts says. `rated` is what
 * facts are charged by themselves; `rated_allocated` is the row's share of what months are charged, no price of its own.
 */
export function usageRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('usage', keySchema, query.cursor);
    if (query.basis === 'booked') requireAdditive(query.aggregation);
    const reader = readerOf(response);
    const answer = await withReadTransaction(pool, reader, async (tx) => {
      const opened = await openFigures(tx, { query, window: query.window, cursor, clock, of: ({ usage }) => [usage] });
      const { asOf, models, range } = opened;
      const source = chooseUsageSource(models.usage, asOf, [...opened.windowStarts, range.to], query.basis);
      const filter: FigureFilter = {
        ...opened.filter,
        basis: query.basis,
        providers: query.provider,
        meters: query.meter,
      };
      const rows = await readRows(tx, query, cursor, { ...opened, source, filter });
      const totals = await readTotals(tx, query, { ...opened, source, filter });
      const { window, tz, group_by: groupBy } = query;
      const { windowStarts } = opened;
      const allocation = await readUsageAllocation(tx, {
        model: models.usage,
        filter,
        tz,
        window,
        windowStarts,
        groupBy,
      });
      const page = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? page.at(-1) : undefined;
      return envelope({
        data: page.map((row) => rowJson(row, query, filter, { ...opened, allocation })),
        totals: {
          usage: totals.quantities,
          rated: totals.rated,
          rated_allocated: allocation?.total ?? null,
          event_count: Number(totals.facts),
        },
        meta: {
          range,
          tz: query.tz,
          window: query.window,
          aggregation: query.aggregation,
          basis: query.basis,
          asOf,
          models: [models.usage],
          pending: await readPending(tx, { reader, source, filter }),
          links: { events: figureEventsLink({ figure: 'usage', filter: aggregatedFilter(query.aggregation, filter) }) },
        },
        nextCursor:
          last &&
          encodeCursor('usage', {
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

/** What was late for a month is a difference; a maximum or an average is of the facts themselves. */
function requireAdditive(aggregation: Query['aggregation']): void {
  if (!isAdditive(aggregation)) {
    throw new ParameterError('basis', `booked goes with what adds up, sum and count; ${aggregation} takes service.`);
  }
}

/** One more than the page holds, to know whether there is another. */
function readRows(
  tx: Tx,
  { aggregation, group_by: groupBy, limit }: Query,
  cursor: Cursor<UsageKey> | undefined,
  { source, filter, windowStarts }: OpenedFigures,
): Promise<readonly UsageAggregateRow[]> {
  const question = { filter, windowStarts, groupBy, after: cursor?.key, limit: limit + 1 };
  return isAdditive(aggregation)
    ? readUsage(tx, { ...question, aggregation, source })
    : readUsageAggregates(tx, { ...question, aggregation, model: source.model });
}

/** Facts and money add up whatever the quantity is. */
async function readTotals(tx: Tx, { aggregation }: Query, { source, filter }: OpenedFigures) {
  if (isAdditive(aggregation)) return readUsageTotals(tx, { source, filter, aggregation });
  const { rated, facts } = await readUsageTotals(tx, { source, filter });
  return {
    quantities: await readUsageAggregateQuantities(tx, { aggregation, model: source.model, filter }),
    rated,
    facts,
  };
}

function rowJson(
  row: UsageAggregateRow,
  query: Query,
  filter: FigureFilter,
  opened: OpenedFigures & Readonly<{ allocation: UsageAllocation | undefined }>,
): Record<string, unknown> {
  const [index, tenantId, provider, meter, unit] = row.key;
  const range = windowAt(opened, index);
  const groups = {
    tenant_id: query.group_by.includes('tenant_id') ? tenantId : null,
    provider: query.group_by.includes('provider') ? provider : null,
    meter: query.group_by.includes('meter') ? meter : null,
  };
  return {
    window_start: zonedTime(range.from, query.tz),
    window_end: zonedTime(range.to, query.tz),
    ...groups,
    unit,
    quantity: row.quantity,
    event_count: Number(row.facts),
    line_count: Number(row.lines),
    rated: row.rated,
    rated_allocated: opened.allocation?.of(row.key) ?? null,
    unpriced_count: Number(row.unpriced),
    uncosted_count: Number(row.uncosted),
    links: {
      events: figureEventsLink({
        figure: 'usage',
        unit,
        filter: aggregatedFilter(query.aggregation, {
          ...filter,
          range,
          tenantIds: groups.tenant_id === null ? filter.tenantIds : [groups.tenant_id],
          providers: groups.provider === null ? filter.providers : [groups.provider],
          meters: groups.meter === null ? filter.meters : [groups.meter],
        }),
      }),
    },
  };
}
