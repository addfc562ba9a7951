import type { StoryInvoiceLine, StoryPaymentLine, StoryUsageLine } from '../../finance/story-lines.ts';
import type { WebhookStory } from '../../finance/webhook-story.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { rowList } from './step.ts';
import type { Step } from './step.ts';
import { badge, counted, plural, signed } from './words.ts';

type Row = Readonly<{
  position: string;
  tenantId: string;
  books: string;
  what: string;
  /** Why there is a line, when it is not simply that the fact was told. */
  cause?: string | undefined;
  values: readonly string[];
}>;

/** `unfolded`: how many of the events no model has reached yet. */
export function linesStep(story: WebhookStory, { unfolded }: { unfolded: number }): Step {
  const { usage, payments, invoices } = story.lines;
  const rows = [...usage.map(usageRow), ...payments.map(paymentRow), ...invoices.map(invoiceRow)];
  const own = new Set(story.events.map(({ position }) => position));
  const added = rows.filter(({ position }) => own.has(position)).length;
  return {
    title: 'Read-model lines',
    outcome: outcome({ added, others: rows.length - added, unfolded }),
    tone: unfolded > 0 ? 'waiting' : rows.length > 0 ? 'good' : 'nothing',
    body: rowList(rows.map((row) => rowItem(row, own.has(row.position), story.tenantNames))),
  };
}

function outcome({ added, others, unfolded }: Record<'added' | 'others' | 'unfolded', number>): string {
  if (unfolded > 0) return `${counted(added, 'line')} so far; ${counted(unfolded, 'event')} not folded yet`;
  if (added > 0) return `${counted(added, 'line')} added`;
  return others > 0
    ? 'None added: other events tell the same facts, which count once'
    : 'None: nothing here is billable';
}

function usageRow(line: StoryUsageLine): Row {
  const value =
    line.kind === 'cost'
      ? `${signed(line.cost)} ${line.costCurrency}`
      : `${signed(line.quantity)} ${plural(line.quantity, line.unit)}`;
  return {
    ...line,
    what: `${line.kind} · ${line.meter}`,
    cause: line.cause === 'fact' ? undefined : line.cause,
    values: [
      value,
      ...(line.ratedCurrency === '' ? [] : [`rated ${signed(line.rated)} ${line.ratedCurrency}`]),
      ...(line.pricedBy === 'aggregate' ? ['priced with its month'] : []),
      ...(line.unpriced > 0 ? ['no price'] : []),
      ...costWords(line),
    ],
  };
}

function costWords({ kind, costStatus, uncosted }: StoryUsageLine): readonly string[] {
  if (kind === 'cost') return costStatus === 'estimated' ? ['estimated'] : [];
  if (uncosted === 0) return [];
  return [uncosted > 0 ? 'no cost yet' : 'cost is known now'];
}

function paymentRow(line: StoryPaymentLine): Row {
  return {
    ...line,
    cause: undefined,
    what: line.kind === 'payment' || line.kind === 'refund' ? `collected · ${line.kind}` : line.kind,
    values: [`${signed(line.amount)} ${line.currency}`],
  };
}

function invoiceRow(line: StoryInvoiceLine): Row {
  const tax = /[1-9]/.test(line.tax) ? [`tax ${signed(line.tax)} ${line.currency}`] : [];
  return {
    ...line,
    cause: undefined,
    what: `billed · ${line.kind === 'invoice' ? 'invoice' : 'credit note'}`,
    values: [`${signed(line.net)} ${line.currency}`, ...tax],
  };
}

function rowItem(row: Row, isOwn: boolean, tenantNames: ReadonlyMap<string, string>): Html {
  return html`<li>
    <span class="line">
      <span>
        <strong>${row.what}</strong> ${row.cause !== undefined && badge('waiting', row.cause)}
        ${!isOwn && badge('waiting', 'of another event')}
      </span>
      <span class="value">${row.values.join(' · ')}</span>
    </span>
    <span class="line quiet">
      <span
        >${tenantNames.get(row.tenantId) ?? row.tenantId}${row.books !== 'platform' && ' · the tenant’s own books'}</span
      >
      <span>position <code>${row.position}</code></span>
    </span>
  </li>`;
}
