import type { Request, RequestHandler, Response } from 'express';
import { MONTH } from '../../../domain/month.ts';
import { appendEvents } from '../../../event-store/append-events.ts';
import { closePeriod } from '../../../finance/periods/close-period.ts';
import { WAIVABLE_CHECKS } from '../../../finance/periods/period-checks.ts';
import { readChecklist } from '../../../finance/periods/read-checklist.ts';
import { readPeriodDecisions, readReportedFigures } from '../../../finance/periods/read-period.ts';
import { EVERYTHING, readPeriods } from '../../../finance/periods/read-periods.ts';
import { reopenPeriod } from '../../../finance/periods/reopen-period.ts';
import { withReadTransaction } from '../../../finance/read-transaction.ts';
import { decidedBy } from '../../decided-by.ts';
import { errorCode } from '../../error-code.ts';
import { ProblemError } from '../../problem.ts';
import { readBody } from '../../read-body.ts';
import { formTokenOf, isFormToken } from '../form-token.ts';
import { html } from '../html.ts';
import { sessionTokenOf } from '../session.ts';
import { sendFinance } from './finance-page.ts';
import type { FinanceRouteDeps } from './finance-route-deps.ts';
import type { PeriodPageParts } from './period-page.ts';
import { periodPage, stateBadge } from './period-page.ts';

const FORM_BYTES = 20_000;
/** A browser and the proxies before it wait longer than that. */
const WAIT_MS = 20_000;
/** What a person can mend; anything else is a fault of ours. */
const MENDABLE = ['invalid_command', 'period_state', 'period_not_ready'];

/** The months of the books that anybody ever closed, and the one that goes on. */
export function showPeriods(deps: FinanceRouteDeps): RequestHandler {
  return async (_request, response) => {
    const periods = await withReadTransaction(deps.pool, {}, (tx) => readPeriods(tx, EVERYTHING));
    const now = deps.clock.now().toISOString().slice(0, 7);
    const months = [...new Set([...periods.map(({ period }) => period), now])].toSorted().toReversed();
    const main = html`<section class="report">
      <h1>Periods</h1>
      <p class="detail">A closed month never changes. What comes later of it is an adjustment in the first open one.</p>
      <ul class="rows">
        ${months.map(
          (month) =>
            html`<li>
              <p class="line">
                <a href="/console/finance/periods/${month}">${month}</a>
                ${stateBadge(periods.find(({ period }) => period === month))}
              </p>
            </li>`,
        )}
      </ul>
    </section>`;
    sendFinance(deps.sendPage, response, { title: 'Periods', path: '/console/finance/periods', main });
  };
}

export function showPeriod(deps: FinanceRouteDeps): RequestHandler<{ period: string }> {
  return (request, response) =>
    sendPeriod(deps, request, response, { status: 200, form: { by: '', reason: '', problem: undefined } });
}

/** Only from a form of this session's own. Safe to send again. */
export function decidePeriod(deps: FinanceRouteDeps, decision: 'close' | 'reopen'): RequestHandler<{ period: string }> {
  return async (request, response) => {
    const fields = new URLSearchParams((await readBody(request, FORM_BYTES)).toString('utf8'));
    const form = { by: fields.get('by') ?? '', reason: fields.get('reason') ?? '', problem: undefined };
    const again = (status: number, problem: string) =>
      sendPeriod(deps, request, response, { status, form: { ...form, problem } });
    if (!isFormToken(fields.get('token'), sessionTokenOf(request) ?? '')) {
      return again(
        403,
        'This form is of another session. Nothing was changed; look at it again and send it from here.',
      );
    }
    if (form.by.trim() === '') return again(400, 'Say who you are.');
    const { period } = request.params;
    const by = decidedBy(response, form.by);
    const command = { ...deps, appendEvents };
    try {
      if (decision === 'reopen') await reopenPeriod(command, { period, by, reason: form.reason });
      else await closePeriod(command, { period, by, waivers: waiversOf(fields) }, WAIT_MS);
    } catch (error) {
      if (!(error instanceof Error) || !MENDABLE.includes(errorCode(error) ?? '')) throw error;
      return again(409, error.message);
    }
    deps.onAppended();
    response.redirect(303, `/console/finance/periods/${period}`);
  };
}

function waiversOf(fields: URLSearchParams) {
  return WAIVABLE_CHECKS.flatMap((check) => {
    const reason = fields.get(`waive-${check}`)?.trim() ?? '';
    return reason === '' ? [] : [{ check, reason }];
  });
}

async function sendPeriod(
  deps: FinanceRouteDeps,
  request: Request<{ period: string }>,
  response: Response,
  { status, form }: { status: number; form: PeriodPageParts['form'] },
): Promise<void> {
  const { period } = request.params;
  if (!MONTH.test(period)) throw new ProblemError('not_found', `${period} is no month, such as 2026-10.`);
  const parts = await withReadTransaction(deps.pool, {}, async (tx) => {
    const steps = await readPeriodDecisions(tx, period, EVERYTHING);
    const tz = steps.at(-1)?.tz ?? (await readPeriods(tx, EVERYTHING))[0]?.tz ?? 'UTC';
    const close = steps.findLast(({ state }) => state === 'closed');
    const isClosed = steps.at(-1)?.state === 'closed';
    return {
      steps,
      tz,
      checks: isClosed ? (close?.checks ?? []) : await readChecklist(tx, { period, tz, clock: deps.clock }),
      figures: close === undefined ? [] : await readReportedFigures(tx, close.position),
    };
  });
  const main = periodPage({ ...parts, period, form, token: formTokenOf(sessionTokenOf(request) ?? '') });
  sendFinance(deps.sendPage, response, { status, title: period, path: '', main });
}
