import type { RequestHandler } from 'express';
import { z } from 'zod';
import { MONTH } from '../../domain/month.ts';
import { ROUNDING_RULES } from '../../domain/round-money.ts';
import { resolveAsOf } from '../../finance/as-of.ts';
import { asOf, currency, parseQuery, text } from '../../finance/query-parameters.ts';
import { readModels } from '../../finance/read-models.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { draftStatement } from '../../finance/statements/draft-statement.ts';
import { issueStatement } from '../../finance/statements/issue-statement.ts';
import { linkStatement } from '../../finance/statements/link-statement.ts';
import { readStatement } from '../../finance/statements/read-statement.ts';
import type { IssuedStatement } from '../../finance/statements/read-statements.ts';
import { statementCsv } from '../../finance/statements/statement-csv.ts';
import { commandDeps, decidedBy } from './command-deps.ts';
import { parseBody } from './parse-body.ts';
import { requirePlatform } from './platform-only.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';

/** Well within what clients and proxies wait; the server goes on with the issue after it. */
const WAIT_MS = 20_000;

const formatQuery = z.strictObject({ format: z.enum(['json', 'csv'], 'is json or csv').default('json') });

/** GET /v1/statements/{id}: as it was issued, for ever the same, with the invoice that bills it. */
export function statementRoute({ pool }: RouteDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { format } = parseQuery(formatQuery, request.query);
    const found = await withReadTransaction(pool, readerOf(response), (tx) => readStatement(tx, request.params.id));
    const { statement, invoice, issuedAt, eventId, position } = found;
    if (format === 'csv') {
      response
        .type('text/csv; charset=utf-8')
        .set('Content-Disposition', `attachment; filename="statement-${statement.number}.csv"`)
        .send(statementCsv(statement));
      return;
    }
    const money = (amount: string | null, of: string | null) =>
      amount === null || of === null ? null : { amount, currency: of };
    response.json({
      data: {
        ...contentJson(statement),
        statement_id: statement.statementId,
        number: statement.number,
        status: 'issued',
        issued_at: issuedAt.toISOString(),
        by: statement.by,
        sha256: statement.sha256,
        event_id: eventId,
        position,
        invoice:
          invoice === undefined
            ? null
            : {
                provider: invoice.provider,
                account: invoice.account,
                invoice_id: invoice.invoiceId,
                status: invoice.status,
                net: money(invoice.net, invoice.currency),
                difference: money(invoice.difference, invoice.currency),
                difference_reason:
                  invoice.difference !== null ? null : invoice.net === null ? 'invoice_unknown' : 'currency_mismatch',
              },
      },
    });
  };
}

const month = text.regex(MONTH, 'is no month, such as 2026-10');
const rounding = z.enum(ROUNDING_RULES, `is one of ${ROUNDING_RULES.join(', ')}`).default('half_up');
const previewBody = z.strictObject({
  tenant_id: text,
  period: month,
  currency,
  tz: text.default('UTC'),
  rounding,
  as_of: asOf.optional(),
});

/** POST /v1/statements/preview: the draft of a tenant's statement, as it would be issued at a position. Changes nothing. */
export function previewStatementRoute({ pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const body = await parseBody(previewBody, request);
    const draft = await withReadTransaction(pool, readerOf(response), async (tx) => {
      const { usage: model } = await readModels(tx);
      const at = await resolveAsOf(tx, body.as_of ?? { kind: 'now' }, {
        modelPosition: model.position,
        now: clock.now(),
      });
      const { tenant_id: tenantId, period, tz } = body;
      return draftStatement(tx, {
        model,
        tenantId,
        period,
        tz,
        currency: body.currency,
        rounding: body.rounding,
        asOf: at,
      });
    });
    response.json({
      data: {
        ...contentJson({
          ...draft,
          periodFrom: draft.range.from.toISOString(),
          periodTo: draft.range.to.toISOString(),
          cutOff: String(draft.asOf.position),
          unpriced: { facts: draft.unpriced },
        }),
        status: 'draft',
      },
    });
  };
}

const issueBody = previewBody.omit({ as_of: true }).extend({
  by: text.max(150).optional(),
  waive_unpriced: text.optional().describe('Why usage without a price may be left out.'),
});

/** POST /v1/statements: 201 issued; 202 asked for, and issued when the read model has reached the cut-off. */
export function issueStatementRoute(deps: RouteDeps): RequestHandler {
  return async (request, response) => {
    requirePlatform(response);
    const body = await parseBody(issueBody, request);
    const { statementId, cutOff, statement } = await issueStatement(
      commandDeps(deps),
      {
        tenantId: body.tenant_id,
        period: body.period,
        tz: body.tz,
        currency: body.currency,
        rounding: body.rounding,
        by: decidedBy(response, body.by),
        ...(body.waive_unpriced === undefined ? {} : { waiveUnpriced: body.waive_unpriced }),
      },
      WAIT_MS,
    );
    response.status(statement === undefined ? 202 : 201).json({
      data: {
        statement_id: statementId,
        status: statement === undefined ? 'issuing' : 'issued',
        cut_off: String(cutOff),
        number: statement?.number ?? null,
        sha256: statement?.sha256 ?? null,
      },
    });
  };
}

const linkBody = z.strictObject({ provider: text, account: text, invoice_id: text, by: text.max(150).optional() });

/** POST /v1/statements/{id}/invoice: names the provider's invoice that bills it. Safe to repeat. */
export function linkStatementRoute(deps: RouteDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    requirePlatform(response);
    const body = await parseBody(linkBody, request);
    const { linked } = await linkStatement(commandDeps(deps), {
      statementId: request.params.id,
      provider: body.provider,
      account: body.account,
      invoiceId: body.invoice_id,
      by: decidedBy(response, body.by),
    });
    deps.onAppended?.();
    response.json({ data: { statement_id: request.params.id, linked } });
  };
}

type Content = Omit<IssuedStatement, 'statementId' | 'number' | 'sha256' | 'by' | 'projections'>;

function contentJson({ currency: code, ...statement }: Content): Record<string, unknown> {
  const money = (amount: string) => ({ amount, currency: code });
  return {
    tenant_id: statement.tenantId,
    period: statement.period,
    tz: statement.tz,
    from: statement.periodFrom,
    to: statement.periodTo,
    currency: code,
    rounding: statement.rounding,
    cut_off: { event_time: statement.periodTo, position: statement.cutOff },
    unpriced: statement.unpriced,
    lines: statement.lines.map((line) => ({
      line_no: line.lineNo,
      kind: line.kind,
      description: line.description,
      service_period: line.servicePeriod,
      plan_id: line.planId ?? null,
      provider: line.provider ?? null,
      meter: line.meter ?? null,
      tier: line.tier ?? null,
      quantity: line.quantity ?? null,
      unit: line.unit ?? null,
      unit_price: line.unitPrice ?? null,
      exact: money(line.exact),
      amount: money(line.amount),
      rounding_difference: money(line.roundingDifference),
      event_count: line.facts,
      corrects: line.corrects ?? null,
      links: { lines: linesLink(statement, line) },
    })),
    totals: {
      exact: money(statement.totals.exact),
      amount: money(statement.totals.amount),
      rounding_difference: money(statement.totals.roundingDifference),
    },
  };
}

/** The facts that a line is of, as the read model's own lines at the cut-off; none of a fee. */
function linesLink(statement: LineScope, line: IssuedStatement['lines'][number]): string | null {
  if (line.facts === 0) return null;
  const query = new URLSearchParams({
    tenant_id: statement.tenantId,
    from: statement.periodFrom,
    to: statement.periodTo,
    as_of: statement.cutOff,
  });
  if (line.provider !== undefined && line.provider !== '') query.append('provider', line.provider);
  if (line.meter !== undefined) query.append('meter', line.meter);
  return `/v1/usage/lines?${query.toString()}`;
}

type LineScope = Pick<IssuedStatement, 'tenantId' | 'periodFrom' | 'periodTo' | 'cutOff'>;
