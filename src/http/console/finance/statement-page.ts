import type { IssuedStatement } from '../../../finance/statements/read-statements.ts';
import type { StatementInvoice } from '../../../finance/statements/read-statement.ts';
import type { Html } from '../html.ts';
import { html } from '../html.ts';
import { badge, number, time } from '../words.ts';

export type StatementPageParts = Readonly<{
  statement: Omit<IssuedStatement, 'statementId' | 'number' | 'sha256' | 'by' | 'projections'>;
  tenantName: string;
  issued?: Readonly<{ statementId: string; number: string; sha256: string; by: string; at: Date }> | undefined;
  invoice?: StatementInvoice | undefined;
}>;

/** A statement as it is printed: what was charged, line by line, exact and rounded. It is no tax invoice, and says so. */
export function statementPage({ statement, tenantName, issued, invoice }: StatementPageParts): Html {
  const { currency, lines, totals, period, tz, rounding, cutOff } = statement;
  return html`<article class="statement">
    <p class="eyebrow">Billing statement, not a tax invoice</p>
    <h1>
      ${tenantName}, ${period}
      ${issued === undefined ? badge('waiting', 'draft') : badge('good', `issued ${issued.number}`)}
    </h1>
    <dl class="facts">
      <div>
        <dt>Tenant</dt>
        <dd><a href="/console/finance/tenants/${encodeURIComponent(statement.tenantId)}">${statement.tenantId}</a></dd>
      </div>
      <div>
        <dt>Period</dt>
        <dd>${statement.periodFrom.slice(0, 10)} to ${statement.periodTo.slice(0, 10)}, ${tz}</dd>
      </div>
      <div>
        <dt>Cut-off</dt>
        <dd>position ${number(cutOff)}</dd>
      </div>
      <div>
        <dt>Rounding</dt>
        <dd>${rounding.replace('_', ' ')}, once, over the whole statement</dd>
      </div>
      ${
        issued !== undefined &&
        html`<div>
          <dt>Issued</dt>
          <dd>${time(issued.at)} UTC by ${issued.by}</dd>
        </div>`
      }
    </dl>
    <div class="scroll" tabindex="0" role="region" aria-label="Lines">
      <table>
        <caption>
          Lines in ${currency}
        </caption>
        <thead>
          <tr>
            <th scope="col">Description</th>
            <th scope="col">Month</th>
            <th scope="col" class="amount">Quantity</th>
            <th scope="col" class="amount">Unit price</th>
            <th scope="col" class="amount">Exact</th>
            <th scope="col" class="amount">Amount</th>
            <th scope="col" class="amount">Facts</th>
          </tr>
        </thead>
        <tbody>
          ${lines.map(
            (line) =>
              html`<tr>
                <td>${line.kind === 'adjustment' && badge('warning', 'adjustment')} ${line.description}</td>
                <td>${line.servicePeriod}</td>
                <td class="amount">${line.quantity !== undefined && html`${number(line.quantity)} ${line.unit}`}</td>
                <td class="amount">${line.unitPrice !== undefined && number(line.unitPrice)}</td>
                <td class="amount">${number(line.exact)}</td>
                <td class="amount">${number(line.amount)}</td>
                <td class="amount">
                  ${line.facts > 0 && html`<a href="${factsHref(statement, line)}">${number(String(line.facts))}</a>`}
                </td>
              </tr>`,
          )}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colspan="4">Total</th>
            <td class="amount">${number(totals.exact)}</td>
            <td class="amount">
              <strong>${number(totals.amount)} ${currency}</strong>
            </td>
            <td></td>
          </tr>
          <tr>
            <th scope="row" colspan="4">Rounding difference</th>
            <td class="amount">${number(totals.roundingDifference)}</td>
            <td colspan="2"></td>
          </tr>
        </tfoot>
      </table>
    </div>
    ${
      statement.unpriced.facts > 0 &&
      html`<p class="detail">
        ${badge('warning', 'unpriced')} ${number(String(statement.unpriced.facts))} usage facts have no price and are on
        no line${statement.unpriced.reason !== undefined && html`: ${statement.unpriced.reason}`}.
      </p>`
    }
    ${invoice !== undefined && billedBy(invoice)}
    ${
      issued !== undefined &&
      html`<p class="files quiet">
        <a href="/console/v1/statements/${issued.statementId}?format=csv">CSV</a>,
        <a href="/console/v1/statements/${issued.statementId}">JSON</a>. SHA-256 <code>${issued.sha256}</code>
      </p>`
    }
  </article>`;
}

function billedBy({ provider, invoiceId, net, currency, difference }: StatementInvoice): Html {
  return html`<p class="detail">
    Billed by ${provider} invoice <code>${invoiceId}</code>:
    ${net === null ? 'no webhook has told of it yet' : html`net ${number(net)} ${currency}`}${
      difference !== null &&
      (difference === '0' ? html`, no difference` : html`, ${badge('warning', `difference ${number(difference)}`)}`)
    }.
  </p>`;
}

function factsHref(
  { tenantId, periodFrom, periodTo, cutOff }: StatementPageParts['statement'],
  line: IssuedStatement['lines'][number],
): string {
  const query = new URLSearchParams({ tenant_id: tenantId, from: periodFrom, to: periodTo, as_of: cutOff });
  if (line.meter !== undefined) query.append('meter', line.meter);
  return `/console/finance/reports/usage/lines?${query.toString()}`;
}
