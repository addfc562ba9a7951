import type { PeriodCheck } from '../../../finance/periods/period-errors.ts';
import type { PeriodFigure } from '../../../finance/periods/period-figures.ts';
import type { PeriodDecision } from '../../../finance/periods/read-period.ts';
import type { Html } from '../html.ts';
import { html } from '../html.ts';
import { badge, number, time } from '../words.ts';

export type PeriodPageParts = Readonly<{
  period: string;
  tz: string;
  steps: readonly PeriodDecision[];
  /** What stands open now; empty while it is closed. */
  checks: readonly PeriodCheck[];
  /** Of the last close. */
  figures: readonly PeriodFigure[];
  /** Stands in the forms; undefined where nothing may be decided here. */
  token: string | undefined;
  form: Readonly<{ by: string; reason: string; problem: string | undefined }>;
}>;

/** A month of the books: its state, the checklist, what was reported, and the forms that close and reopen it. */
export function periodPage(parts: PeriodPageParts): Html {
  const { period, tz, steps, checks, figures } = parts;
  const last = steps.at(-1);
  const isClosed = last?.state === 'closed';
  return html`<section class="period">
    <p class="eyebrow">Month of the books, ${tz}</p>
    <h1>${period} ${stateBadge(last)}</h1>
    ${parts.form.problem !== undefined && html`<p class="problem" role="alert">${parts.form.problem}</p>`}
    <p class="detail">
      ${
        isClosed
          ? html`Closed at position ${number(last.cutOff)}, revision ${last.revision}. What is recorded later of this
              month is an <a href="/console/finance/reports/adjustments?service_period=${period}">adjustment</a> in the
              first open one.`
          : 'Open: its figures move with every fact of it.'
      }
    </p>
    ${checks.length > 0 && checklist(checks)} ${figures.length > 0 && reported(figures)}
    ${steps.length > 0 && history(steps)} ${parts.token !== undefined && forms(parts, isClosed)}
  </section>`;
}

export function stateBadge(step: Pick<PeriodDecision, 'state'> | undefined): Html {
  switch (step?.state) {
    case 'closed':
      return badge('good', 'closed');
    case 'closing':
      return badge('waiting', 'closing');
    case 'reopened':
      return badge('warning', 'reopened');
    case 'refused':
      return badge('bad', 'close refused');
    default:
      return badge('waiting', 'open');
  }
}

function checklist(checks: readonly PeriodCheck[]): Html {
  return html`<h2>Checklist</h2>
    <ul class="checks">
      ${checks.map(
        ({ check, outcome, count, detail, reason }) =>
          html`<li>
            ${badge(outcome === 'ok' ? 'good' : outcome === 'waived' ? 'warning' : 'bad', outcome)}
            <strong>${check.replaceAll('_', ' ')}</strong> ${number(String(count))}
            <span class="quiet">${detail}${reason !== undefined && html` (waived: ${reason})`}</span>
          </li>`,
      )}
    </ul>`;
}

function reported(figures: readonly PeriodFigure[]): Html {
  return html`<h2>As reported</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Figures as reported">
      <table>
        <caption>
          Figures at the close
        </caption>
        <thead>
          <tr>
            <th scope="col">Tenant</th>
            <th scope="col">Month of the facts</th>
            <th scope="col">Provider</th>
            <th scope="col">Figure</th>
            <th scope="col" class="amount">Amount</th>
          </tr>
        </thead>
        <tbody>
          ${figures.map(
            (each) =>
              html`<tr>
                <td>
                  <a href="/console/finance/tenants/${encodeURIComponent(each.tenantId)}">${each.tenantId}</a>
                </td>
                <td>${each.servicePeriod}</td>
                <td>${each.provider === '' ? 'fees of plans' : each.provider}</td>
                <td>${each.figure.replaceAll('_', ' ')}</td>
                <td class="amount">${number(each.amount)} ${each.currency}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function history(steps: readonly PeriodDecision[]): Html {
  return html`<h2>Steps</h2>
    <ul class="rows">
      ${steps.map(
        (step) =>
          html`<li>
            <p class="line">
              <span>${stateBadge(step)} revision ${step.revision}, by ${step.by}</span>
              <span class="quiet">${time(step.recordedAt)}</span>
            </p>
            ${step.reason !== null && html`<p class="detail">${step.reason}</p>`}
          </li>`,
      )}
    </ul>`;
}

function forms({ period, token, form, checks }: PeriodPageParts, isClosed: boolean): Html {
  const blocking = checks.filter(({ outcome }) => outcome === 'blocking');
  const path = `/console/finance/periods/${period}/${isClosed ? 'reopen' : 'close'}`;
  return html`<h2>${isClosed ? 'Reopen' : 'Close'}</h2>
    <form class="decide" method="post" action="${path}">
      <input type="hidden" name="token" value="${token}" />
      <p class="field">
        <label for="by">Who you are</label>
        <input id="by" name="by" required value="${form.by}" />
      </p>
      ${
        isClosed
          ? html`<p class="field">
              <label for="reason">Why it is reopened</label>
              <input id="reason" name="reason" required value="${form.reason}" />
            </p>`
          : blocking.map(
              ({ check }) =>
                html`<p class="field">
                  <label for="waive-${check}">Waive ${check.replaceAll('_', ' ')} because</label>
                  <input id="waive-${check}" name="waive-${check}" placeholder="leave empty to settle it first" />
                </p>`,
            )
      }
      <p class="buttons"><button type="submit">${isClosed ? 'Reopen' : 'Close'} ${period}</button></p>
    </form>`;
}
