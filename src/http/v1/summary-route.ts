import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { EventFigure } from '../../finance/figure-events.ts';
import { readPending } from '../../finance/pending.ts';
import type { Model, Models } from '../../finance/read-models.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { FIGURES, readSummary, totalOf } from '../../finance/summary.ts';
import type { SummaryRow } from '../../finance/summary.ts';
import type { FigureFilter } from '../../finance/usage-source.ts';
import { decodeCursor, encodeCursor } from '../../finance/cursor.ts';
import { envelope } from './envelope.ts';
import { figureEventsLink } from './event-links.ts';
import { openFigures } from '../../finance/open-figures.ts';
import { currency, figureParameters, parseQuery } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';

const querySchema = z.strictObject({ ...figureParameters, currency: currency.optional() });

const keySchema: z.ZodType<readonly [string, string]> = z.tuple([z.string(), z.string()]);

/** GET /v1/summary: rated, billed, collected and cost of each tenant and currency over the range. */
export function summaryRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('summary', keySchema, query.cursor);
    const reader = readerOf(response);
    const answer = await withReadTransaction(pool, reader, async (tx) => {
      const opened = await openFigures(tx, { query, window: 'none', cursor, clock, of: all });
      const { models, asOf, range, source } = opened;
      const filter: FigureFilter = { ...opened.filter, currency: query.currency };
      const rows = await readSummary(tx, { source, payments: models.payments, invoices: models.invoices, filter });
      const rest = cursor === undefined ? rows : rows.filter((row) => isAfter(row, cursor.key));
      const page = rest.slice(0, query.limit);
      const last = rest.length > query.limit ? page.at(-1) : undefined;
      return envelope({
        data: page.map((row) => rowJson(row, filter)),
        totals: Object.fromEntries(FIGURES.map((figure) => [figure, totalOf(rows, figure)])),
        meta: {
          range,
          tz: query.tz,
          window: 'none',
          asOf,
          models: all(models),
          pending: await readPending(tx, { reader, source, filter }),
          links: { events: figureEventsLink({ figure: 'summary', filter }) },
        },
        nextCursor:
          last &&
          encodeCursor('summary', {
            position: asOf.position,
            at: asOf.recordedAt,
            key: [last.tenantId, last.currency],
          }),
      });
    });
    response.json(answer);
  };
}

function all({ usage, payments, invoices }: Models): readonly [Model, ...Model[]] {
  return [usage, payments, invoices];
}

function isAfter(row: SummaryRow, [tenantId, code]: readonly [string, string]): boolean {
  return row.tenantId > tenantId || (row.tenantId === tenantId && row.currency > code);
}

function rowJson(row: SummaryRow, filter: FigureFilter): Record<string, unknown> {
  const own: FigureFilter = { ...filter, tenantIds: [row.tenantId], currency: row.currency };
  const money = (amount: string) => ({ amount, currency: row.currency });
  const link = (figure: EventFigure) => figureEventsLink({ figure, filter: own });
  return {
    tenant_id: row.tenantId,
    currency: row.currency,
    rated: money(row.rated),
    billed: money(row.billed),
    tax: money(row.tax),
    collected: money(row.collected),
    cost: money(row.cost),
    gross_profit: row.grossProfit === undefined ? null : money(row.grossProfit),
    gross_profit_basis: 'rated',
    gross_profit_reason: row.grossProfit === undefined ? 'currency_mismatch' : null,
    links: {
      events: link('summary'),
      rated: link('rated'),
      billed: link('billed'),
      collected: link('collected'),
      cost: link('cost'),
    },
  };
}
