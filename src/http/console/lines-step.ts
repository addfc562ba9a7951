import type { EventRow } from '../../event-store/event-row.ts';
import type { StoryInvoiceLine, StoryPaymentLine, StoryUsageLine } from '../../finance/story-lines.ts';
import type { WebhookStory } from '../../finance/webhook-story.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { rowList } from './step.ts';
import type { Step } from './step.ts';
import { badge, counted, plural, signed } from './words.ts';

/** `unfolded`: how many of the events no model has reached yet. */
export function linesStep(story: WebhookStory, { unfolded }: { unfolded: number }): Step {
  const { usage, payments, invoices } = story.lines;
  const count = usage.length + payments.length + invoices.length;
  const known = knownFacts(story);
  return {
    title: 'Read-model lines',
    outcome: outcome(count, unfolded, known.length),
    tone: unfolded > 0 ? 'waiting' : count + known.length > 0 ? 'good' : 'nothing',
    body: rowList([
      ...usage.map(usageRow),
      ...payments.map(paymentRow),
      ...invoices.map(invoiceRow),
      ...known.map(knownRow),
    ]),
  };
}

function outcome(count: number, unfolded: number, known: number): string {
  if (unfolded > 0) return `${counted(count, 'line')} so far; ${counted(unfolded, 'event')} not folded yet`;
  if (count > 0) return `${counted(count, 'line')} added`;
  return known > 0 ? 'None: its facts were counted already' : 'None: nothing here is billable';
}

/** Reports of a fact that another event had told, or told better: they are kept, and count nothing. */
function knownFacts({ events, facts, lines }: WebhookStory): readonly EventRow[] {
  const withLines = new Set(lines.usage.map(({ eventId }) => eventId));
  return events.filter((event) =>
    facts.some(
      (fact) =>
        fact.factKey === event.fact_key && fact.winningEventId !== event.event_id && !withLines.has(event.event_id),
    ),
  );
}

function knownRow(event: EventRow): Html {
  return html`<li>
    <span class="line">
      <span><strong>${event.type}</strong> <span class="quiet">${event.meter}</span></span>
      ${badge('good', 'counted once, elsewhere')}
    </span>
  </li>`;
}

function usageRow(line: StoryUsageLine): Html {
  const isCost = line.kind === 'cost';
  return lineRow(line, {
    what: `${line.kind} · ${line.meter}`,
    note: line.cause === 'fact' ? undefined : line.cause,
    values: [
      isCost
        ? `${signed(line.cost)} ${line.costCurrency}`
        : `${signed(line.quantity)} ${plural(line.quantity, line.unit)}`,
      line.ratedCurrency === '' ? undefined : `rated ${signed(line.rated)} ${line.ratedCurrency}`,
      line.unpriced > 0 ? 'no price' : undefined,
    ],
  });
}

function paymentRow(line: StoryPaymentLine): Html {
  return lineRow(line, { what: `collected · ${line.kind}`, values: [`${signed(line.amount)} ${line.currency}`] });
}

function invoiceRow(line: StoryInvoiceLine): Html {
  return lineRow(line, {
    what: 'billed · invoice',
    values: [`${signed(line.net)} ${line.currency}`, `tax ${signed(line.tax)} ${line.currency}`],
  });
}

function lineRow(
  line: Readonly<{ tenantId: string; position: string; books: string }>,
  { what, note, values }: { what: string; note?: string | undefined; values: readonly (string | undefined)[] },
): Html {
  return html`<li>
    <span class="line">
      <span><strong>${what}</strong> ${note !== undefined && badge('waiting', note)}</span>
      <span class="value">${values.filter((value) => value !== undefined).join(' · ')}</span>
    </span>
    <span class="line quiet">
      <span>${line.tenantId}${line.books !== 'platform' && ' · the tenant’s own books'}</span>
      <span>position <code>${line.position}</code></span>
    </span>
  </li>`;
}
