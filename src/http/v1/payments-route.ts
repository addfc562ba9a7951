import type { RequestHandler } from 'express';
import { z } from 'zod';
import { PAYMENT_STATUSES, readPayments, readPaymentTotals } from '../../finance/payments.ts';
import type { PaymentRow } from '../../finance/payments.ts';
import { readPending } from '../../finance/pending.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { chooseUsageSource } from '../../finance/usage-source.ts';
import { decodeCursor, encodeCursor } from '../../finance/cursor.ts';
import { envelope } from './envelope.ts';
import { streamEventsLink } from './event-links.ts';
import { openFigures } from '../../finance/open-figures.ts';
import { currency, figureParameters, listOf, parseQuery, text } from '../../finance/query-parameters.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';
import { zonedTime } from '../../finance/zoned-time.ts';

const querySchema = z.strictObject({
  ...figureParameters,
  provider: listOf(text).optional(),
  currency: currency.optional(),
  status: listOf(z.enum(PAYMENT_STATUSES, `is one of ${PAYMENT_STATUSES.join(', ')}`)).optional(),
});

/** For what is pending where no bound is given. */
const BEGINNING = new Date('1970-01-01T00:00:00Z');
const END = new Date('9999-01-01T00:00:00Z');

const keySchema = z.string().regex(/^\d{1,18}$/);

/**
 * GET /v1/payments: each payment once, as it stood. `from` and `to` are of the settlement and leave out what is not
 * settled; without them every payment is listed.
 */
export function paymentsRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(querySchema, request.query);
    const cursor = decodeCursor('payments', keySchema, query.cursor);
    const reader = readerOf(response);
    const answer = await withReadTransaction(pool, reader, async (tx) => {
      const opened = await openFigures(tx, { query, window: 'none', cursor, clock, of: ({ payments }) => [payments] });
      const { models, asOf, filter } = opened;
      const given = {
        from: query.from && opened.range.from,
        to: query.to && opened.range.to,
      };
      const range = { from: given.from ?? BEGINNING, to: given.to ?? END };
      const wanted = {
        model: models.payments,
        asOf,
        mode: query.mode,
        settledFrom: given.from,
        settledTo: given.to,
        tenantIds: query.tenant_id,
        providers: query.provider,
        statuses: query.status,
        currency: query.currency,
      };
      const rows = await readPayments(tx, { ...wanted, after: cursor?.key, limit: query.limit + 1 });
      const page = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? page.at(-1) : undefined;
      return envelope({
        data: page.map((row) => rowJson(row, query.tz)),
        totals: await readPaymentTotals(tx, wanted),
        meta: {
          range: given,
          tz: query.tz,
          window: 'none',
          asOf,
          models: [models.payments],
          pending: await readPending(tx, {
            reader,
            source: chooseUsageSource(models.usage, asOf, [range.from, range.to]),
            filter: { ...filter, range },
          }),
          links: {},
        },
        nextCursor:
          last && encodeCursor('payments', { position: asOf.position, at: asOf.recordedAt, key: last.position }),
      });
    });
    response.json(answer);
  };
}

function rowJson(row: PaymentRow, tz: string): Record<string, unknown> {
  const money = (amount: string) => (row.currency === null ? null : { amount, currency: row.currency });
  return {
    payment_id: row.paymentId,
    tenant_id: row.tenantId,
    provider: row.provider,
    account: row.account,
    status: row.status,
    gross: money(row.gross),
    refunded: money(row.refunded),
    net: money(row.net),
    currency: row.currency,
    customer_id: row.customerId,
    invoice_ids: row.invoiceIds,
    settled_at: row.settledAt === null ? null : zonedTime(row.settledAt, tz),
    failed_attempts: row.failedAttempts,
    failure_code: row.failureCode,
    differing_reports: row.differingReports,
    position: row.position,
    links: { events: streamEventsLink(row.streamKey, row.position) },
  };
}
