import type { EventRow } from '../event-store/event-row.ts';
import type { Tx } from '../platform/postgres.ts';
import type { Models } from './read-models.ts';
import { tableOf } from './read-models.ts';

export type StoryUsageLine = Readonly<{
  position: string;
  eventId: string;
  factKey: string;
  cause: string;
  kind: 'usage' | 'cost';
  tenantId: string;
  provider: string;
  mode: 'live' | 'test';
  books: string;
  meter: string;
  unit: string;
  occurredAt: Date;
  quantity: string;
  cost: string;
  costCurrency: string;
  rated: string;
  ratedCurrency: string;
  planId: string | null;
  pricedBy: 'fact' | 'aggregate' | null;
  unpriced: number;
  costStatus: 'estimated' | 'final';
  uncosted: number;
}>;

export type StoryPaymentLine = Readonly<{
  position: string;
  eventId: string;
  /** What is collected is the first two; the others stand beside it. */
  kind: 'payment' | 'refund' | 'dispute' | 'fee';
  tenantId: string;
  provider: string;
  mode: 'live' | 'test';
  books: string;
  settledAt: Date;
  amount: string;
  currency: string;
}>;

export type StoryInvoiceLine = Readonly<{
  position: string;
  eventId: string;
  /** A credit note's is negative. */
  kind: 'invoice' | 'credit_note';
  tenantId: string;
  provider: string;
  mode: 'live' | 'test';
  books: string;
  issuedAt: Date;
  net: string;
  tax: string;
  currency: string;
}>;

/** Lines by read model, each in the order of its positions. */
export type StoryLines = Readonly<{
  usage: readonly StoryUsageLine[];
  payments: readonly StoryPaymentLine[];
  invoices: readonly StoryInvoiceLine[];
}>;

export type LineCause = Pick<EventRow, 'position' | 'stream_key' | 'fact_key' | 'fact_kind'>;

/**
 * The lines that events caused, and the lines of the facts that they report, whichever event caused those: a report that
 * says nothing new adds no line, and is in the figures all the same.
 */
export async function listLines(tx: Tx, models: Models, events: readonly LineCause[]): Promise<StoryLines> {
  return {
    usage: await listUsageLines(tx, models, events),
    payments: await listPaymentLines(tx, models, events),
    invoices: await listInvoiceLines(tx, models, events),
  };
}

async function listUsageLines(
  tx: Tx,
  { usage }: Models,
  events: readonly LineCause[],
): Promise<readonly StoryUsageLine[]> {
  const { rows } = await tx.query<StoryUsageLine>(
    `select position, event_id as "eventId", fact_key as "factKey", cause, kind, tenant_id as "tenantId", provider, mode,
       books, meter, unit, occurred_at as "occurredAt", trim_scale(quantity)::text as quantity,
       trim_scale(cost)::text as cost, cost_currency as "costCurrency", trim_scale(rated)::text as rated,
       rated_currency as "ratedCurrency", plan_id as "planId", priced_by as "pricedBy", unpriced,
       cost_status as "costStatus", uncosted
     from ${tableOf('usage_lines', usage)}
     where position = any ($1::bigint[]) or fact_key = any ($2::text[])
     order by position, line_no limit 500`,
    [events.map(({ position }) => position), events.map((event) => event.fact_key).filter((key) => key !== null)],
  );
  return rows;
}

async function listPaymentLines(
  tx: Tx,
  { payments }: Models,
  events: readonly LineCause[],
): Promise<readonly StoryPaymentLine[]> {
  const reports = events.flatMap(({ stream_key, fact_kind }) =>
    (LINE_KINDS[fact_kind ?? ''] ?? []).map((kind) => ({ stream_key, kind })),
  );
  const { rows } = await tx.query<StoryPaymentLine>(
    // Every event that touched a payment has a row there, which an index finds.
    `with touched as (
       select unnest($1::bigint[]) as position
       union
       select position from ${tableOf('payments', payments)} where stream_key = any ($2::text[])
     )
     select l.position, l.event_id as "eventId", l.kind, l.tenant_id as "tenantId", l.provider, l.mode, l.books,
       l.settled_at as "settledAt", trim_scale(l.amount)::text as amount, l.currency
     from ${tableOf('payment_lines', payments)} l
     join touched on touched.position = l.position
     where l.position = any ($1::bigint[])
       or (l.stream_key, l.kind) in (select * from unnest($2::text[], $3::text[]) fact (stream_key, kind))
     order by l.position, l.line_no limit 500`,
    [
      events.map(({ position }) => position),
      reports.map((report) => report.stream_key),
      reports.map((report) => report.kind),
    ],
  );
  return rows;
}

/** The lines of cash that the reports of a fact make, by its kind. */
const LINE_KINDS: Readonly<Record<string, readonly string[]>> = {
  payment: ['payment'],
  refund: ['refund'],
  dispute: ['dispute', 'fee'],
};

async function listInvoiceLines(
  tx: Tx,
  { invoices }: Models,
  events: readonly LineCause[],
): Promise<readonly StoryInvoiceLine[]> {
  const reports = events.filter(({ fact_kind }) => fact_kind === 'billed' || fact_kind === 'credit');
  const { rows } = await tx.query<StoryInvoiceLine>(
    `with touched as (
       select unnest($1::bigint[]) as position
       union
       select position from ${tableOf('invoices', invoices)} where stream_key = any ($2::text[])
     )
     select l.position, l.event_id as "eventId", l.kind, l.tenant_id as "tenantId", l.provider, l.mode, l.books,
       l.issued_at as "issuedAt", trim_scale(l.net)::text as net, trim_scale(l.tax)::text as tax, l.currency
     from ${tableOf('invoice_lines', invoices)} l
     join touched on touched.position = l.position
     where l.position = any ($1::bigint[]) or l.fact_key = any ($3::text[])
     order by l.position, l.line_no limit 500`,
    [
      events.map(({ position }) => position),
      reports.map((event) => event.stream_key),
      reports.map((event) => event.fact_key),
    ],
  );
  return rows;
}

/** Which event a fact takes its values from, of those that reported it. */
export type StoryFact = Readonly<{ factKey: string; winningEventId: string; differingReports: number }>;

/** Usage and cost facts that the model has folded. */
export async function listFacts(tx: Tx, { usage }: Models, factKeys: readonly string[]): Promise<readonly StoryFact[]> {
  const { rows } = await tx.query<StoryFact>(
    `select fact_key as "factKey", event_id as "winningEventId", differing_reports as "differingReports"
     from ${tableOf('usage_facts', usage)} where fact_key = any ($1::text[])`,
    [factKeys],
  );
  return rows;
}
