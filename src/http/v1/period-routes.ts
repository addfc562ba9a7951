import type { RequestHandler } from 'express';
import { z } from 'zod';
import { MONTH } from '../../domain/month.ts';
import { ParameterError } from '../../finance/parameter-error.ts';
import { closePeriod } from '../../finance/periods/close-period.ts';
import { WAIVABLE_CHECKS } from '../../finance/periods/period-checks.ts';
import { PeriodNotReadyError } from '../../finance/periods/period-errors.ts';
import { readChecklist } from '../../finance/periods/read-checklist.ts';
import { readPeriodDecisions, readReportedFigures } from '../../finance/periods/read-period.ts';
import type { PeriodDecision } from '../../finance/periods/read-period.ts';
import { EVERYTHING, readPeriodSteps } from '../../finance/periods/read-periods.ts';
import { reopenPeriod } from '../../finance/periods/reopen-period.ts';
import { parseQuery, text } from '../../finance/query-parameters.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { ProblemError } from '../problem.ts';
import { commandDeps, decidedBy } from './command-deps.ts';
import { parseBody } from './parse-body.ts';
import { requirePlatform } from './platform-only.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';

/** Well within what clients and proxies wait; the server goes on with the close after it. */
const WAIT_MS = 20_000;

const querySchema = z.strictObject({
  revision: z
    .string('give it once')
    .regex(/^[1-9]\d{0,5}$/, 'is not a revision')
    .transform(Number)
    .optional(),
});

/**
 * GET /v1/periods/{yyyy-mm}: its steps, with who decided each and what was checked; the checklist of now while it is not
 * closed; the figures as they were reported, of the last close or of `revision`.
 */
export function periodRoute({ pool, clock }: RouteDeps): RequestHandler<{ period: string }> {
  return async (request, response) => {
    const period = monthOf(request.params.period);
    const { revision } = parseQuery(querySchema, request.query);
    const reader = readerOf(response);
    const data = await withReadTransaction(pool, reader, async (tx) => {
      const steps = await readPeriodSteps(tx, period, EVERYTHING);
      const decisions = reader.tenantId === undefined ? await readPeriodDecisions(tx, period, EVERYTHING) : undefined;
      const closes = steps.filter(({ state }) => state === 'closed');
      const close = revision === undefined ? closes.at(-1) : closes.find((each) => each.revision === revision);
      if (close === undefined && revision !== undefined) {
        throw new ProblemError('not_found', `${period} has no closed revision ${revision}.`);
      }
      const last = steps.at(-1);
      const isOpen = last === undefined || last.state !== 'closed';
      const tz = last?.tz ?? 'UTC';
      return {
        period,
        tz,
        state: last?.state === 'refused' ? 'open' : (last?.state ?? 'open'),
        revision: last?.revision ?? 0,
        steps: decisions?.map(stepJson) ?? steps.map((step) => stepJson({ ...step, ...UNTOLD })),
        checks: isOpen && reader.tenantId === undefined ? await readChecklist(tx, { period, tz, clock }) : [],
        reported: close && {
          revision: close.revision,
          cut_off: close.cutOff,
          event_id: close.eventId,
          sha256: decisions?.find(({ position }) => position === close.position)?.sha256 ?? null,
          figures: (await readReportedFigures(tx, close.position)).map((each) => ({
            tenant_id: each.tenantId,
            service_period: each.servicePeriod,
            provider: each.provider === '' ? null : each.provider,
            figure: each.figure,
            amount: { amount: each.amount, currency: each.currency },
          })),
        },
      };
    });
    response.json({ data });
  };
}

/** Decisions are the platform's own. */
const UNTOLD = { by: null, reason: null, checks: [], waivers: [], sha256: null };

type ToldStep = Omit<PeriodDecision, 'by'> & Readonly<{ by: string | null }>;

function stepJson(step: ToldStep): Record<string, unknown> {
  return {
    step: step.state === 'closing' ? 'requested' : step.state,
    revision: step.revision,
    cut_off: step.cutOff,
    position: step.position,
    event_id: step.eventId,
    recorded_at: step.recordedAt.toISOString(),
    by: step.by,
    reason: step.reason,
    waivers: step.waivers,
    checks: step.checks,
  };
}

const closeBody = z.strictObject({
  tz: text.optional().describe('IANA zone; that of the books when left out.'),
  waivers: z
    .array(z.strictObject({ check: z.enum(WAIVABLE_CHECKS, `is one of ${WAIVABLE_CHECKS.join(', ')}`), reason: text }))
    .default([]),
  by: text.max(150).optional(),
});

/**
 * POST /v1/periods/{yyyy-mm}/close: 200 closed; 202 asked for, and completed when the read models have reached the
 * cut-off; 409 with the checks that stand open. Safe to repeat.
 */
export function closePeriodRoute(deps: RouteDeps): RequestHandler<{ period: string }> {
  return async (request, response) => {
    requirePlatform(response);
    const period = monthOf(request.params.period);
    const body = await parseBody(closeBody, request);
    try {
      const closing = await closePeriod(
        commandDeps(deps),
        { period, tz: body.tz, waivers: body.waivers, by: decidedBy(response, body.by) },
        WAIT_MS,
      );
      response.status(closing.state === 'closed' ? 200 : 202).json({
        data: {
          period,
          state: closing.state,
          revision: closing.revision,
          cut_off: String(closing.cutOff),
          checks: closing.checks,
          sha256: closing.sha256,
        },
      });
    } catch (error) {
      if (error instanceof PeriodNotReadyError) {
        throw new ProblemError('period_not_ready', error.message, { checks: error.checks });
      }
      throw error;
    }
  };
}

const reopenBody = z.strictObject({ reason: text, by: text.max(150).optional() });

/** POST /v1/periods/{yyyy-mm}/reopen: a new revision begins; what was reported stays. */
export function reopenPeriodRoute(deps: RouteDeps): RequestHandler<{ period: string }> {
  return async (request, response) => {
    requirePlatform(response);
    const period = monthOf(request.params.period);
    const body = await parseBody(reopenBody, request);
    const reopened = await reopenPeriod(commandDeps(deps), {
      period,
      reason: body.reason,
      by: decidedBy(response, body.by),
    });
    deps.onAppended?.();
    response.json({ data: { period, state: 'reopened', revision: reopened.revision } });
  };
}

function monthOf(period: string): string {
  if (!MONTH.test(period)) throw new ParameterError('period', `${period} is no month, such as 2026-10.`);
  return period;
}
