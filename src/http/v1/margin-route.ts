import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { EventFigure } from '../../finance/figure-events.ts';
import { compareMarginKeys, MARGIN_GROUPS, marginTotal, readMargin, REVENUE_BASES } from '../../finance/margin.ts';
import type { MarginKey, MarginRow } from '../../finance/margin.ts';
import { readPending } from '../../finance/pending.ts';
import type { Model, Models } from '../../finance/read-models.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import type { FigureFilter } from '../../finance/usage-source.ts';
import { decodeCursor, encodeCursor } from '../../finance/cursor.ts';
import { envelope } from './envelope.ts';
import { figureEventsLink } from './event-links.ts';
import { openFigures } from '../../finance/open-figures.ts';
import { currency, figureParameters, groupsOf, listOf, parseQuery, text } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';

const querySchema = z.strictObject({
  ...figureParameters,
  provider: listOf(text).optional().describe('Leaves out flat fees, which are of no provider.'),
  currency: currency.optional(),
  basis: z
    .enum(REVENUE_BASES, `is one of ${REVENUE_BASES.join(', ')}`)
    .default('rated')
    .describe('What counts as revenue: priced usage and flat fees, or what is on issued invoices, net of tax.'),
  group_by: groupsOf(MARGIN_GROUPS),
});
type Query = z.output<typeof querySchema>;

const keySchema: z.ZodType<MarginKey> = z.tuple([z.string(), z.string(), z.string()]);

/** GET /v1/margin: revenue beside what it cost and what was collected, by tenant, provider and currency. */
export function marginRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('margin', keySchema, query.cursor);
    const reader = readerOf(response);
    const answer = await withReadTransaction(pool, reader, async (tx) => {
      const opened = await openFigures(tx, { query, window: 'none', cursor, clock, of: all });
      const { models, asOf, range, source } = opened;
      const filter: FigureFilter = { ...opened.filter, providers: query.provider, currency: query.currency };
      const { payments, invoices } = models;
      const rows = await readMargin(tx, {
        source,
        payments,
        invoices,
        filter,
        basis: query.basis,
        groupBy: query.group_by,
      });
      const rest = cursor === undefined ? rows : rows.filter(({ key }) => compareMarginKeys(key, cursor.key) > 0);
      const page = rest.slice(0, query.limit);
      const last = rest.length > query.limit ? page.at(-1) : undefined;
      return envelope({
        data: page.map((row) => rowJson(row, query, filter)),
        totals: {
          revenue: marginTotal(rows, 'revenue'),
          cogs: marginTotal(rows, 'cogs'),
          cogs_estimated: marginTotal(rows, 'estimatedCogs'),
          collected: marginTotal(rows, 'collected'),
        },
        meta: {
          range,
          tz: query.tz,
          window: 'none',
          asOf,
          models: all(models),
          pending: await readPending(tx, { reader, source, filter }),
          links: links(query.basis, filter),
        },
        nextCursor: last && encodeCursor('margin', { position: asOf.position, at: asOf.recordedAt, key: last.key }),
      });
    });
    response.json(answer);
  };
}

function all({ usage, payments, invoices }: Models): readonly [Model, ...Model[]] {
  return [usage, payments, invoices];
}

function rowJson(row: MarginRow, query: Query, filter: FigureFilter): Record<string, unknown> {
  const [tenantId, provider, code] = row.key;
  const hasAmounts = code !== '';
  const money = (amount: string) => (hasAmounts ? { amount, currency: code } : null);
  const own: FigureFilter = {
    ...filter,
    ...(hasAmounts ? { currency: code } : {}),
    ...(query.group_by.includes('tenant_id') ? { tenantIds: [tenantId] } : {}),
    ...(provider === '' ? {} : { providers: [provider] }),
  };
  const isOfFees = provider === '' && query.group_by.includes('provider') && query.basis === 'rated';
  return {
    tenant_id: query.group_by.includes('tenant_id') ? tenantId : null,
    provider: provider === '' ? null : provider,
    currency: hasAmounts ? code : null,
    revenue: money(row.revenue),
    revenue_basis: query.basis,
    cogs: money(row.cogs),
    cogs_estimated: money(row.estimatedCogs),
    gross_profit: row.grossProfit === undefined ? null : money(row.grossProfit),
    gross_profit_reason: row.grossProfit === undefined ? 'currency_mismatch' : hasAmounts ? null : 'no_amounts',
    gross_margin_pct: row.grossMarginPct ?? null,
    gross_margin_pct_reason:
      row.grossMarginPct !== undefined ? null : row.grossProfit === undefined ? 'currency_mismatch' : 'no_revenue',
    collected: money(row.collected),
    unpriced_count: Number(row.unpriced),
    uncosted_count: Number(row.uncosted),
    links: isOfFees ? { revenue: figureEventsLink({ figure: 'fees', filter: own }) } : links(query.basis, own),
  };
}

function links(revenue: EventFigure, filter: FigureFilter): Record<string, string> {
  return {
    revenue: figureEventsLink({ figure: revenue, filter }),
    cogs: figureEventsLink({ figure: 'cost', filter }),
    collected: figureEventsLink({ figure: 'collected', filter }),
    // The link of what is unpriced or uncosted.
    usage: figureEventsLink({ figure: 'usage', filter: { ...filter, currency: undefined } }),
  };
}
